# Instructions a turn by room, from two callgrind files of the same run, the second with more turns:
#
#   awk -v turns=1000 -f rooms.awk FEWER MORE        turns: how many more
#
# A room is a folder of core/ (or plugins/). What it spends in the C library counts as its own, as does
# what policy spends in Lua, journal in SQLite and json in cJSON; so they add up to what callgrind counted.
# Written for callgrind --compress-strings=no --compress-pos=no.

function room_of(object, file) {
	if (object ~ /liblua/) return "policy"
	if (object ~ /libsqlite/) return "journal"
	if (object ~ /libcjson/) return "json"
	if (match(file, /\/core\/[a-z]+\//)) return substr(file, RSTART + 6, RLENGTH - 7)
	if (file ~ /\/plugins\//) return "plugins"
	return ""
}

# Inlined code counts for its file where that is a room's, else for the function's.
function here() {
	room = room_of(object, inlined)
	return room != "" ? room : room_of(object, file)
}

function add(room, library, cost) {
	if (room == "") return
	if (library) in_library[room] += sign * cost
	else own[room] += sign * cost
}

FNR == 1 { sign = ++files == 1 ? -1 : 1; callee_object = callee_file = ""; calls = 0 }

/^ob=/ { object = substr($0, 4); next }
/^fl=/ { file = inlined = substr($0, 4); next }
/^f[ie]=/ { inlined = substr($0, 4); next }
/^fn=/ { function_name = substr($0, 4); inlined = file; next }
/^cob=/ { callee_object = substr($0, 5); next }
/^cf[il]=/ { callee_file = substr($0, 5); next }
/^cfn=/ { next }
/^calls=/ { calls = 1; next }

# A call: the line holds what it cost in all.
calls {
	calls = 0
	from = here()
	to = room_of(callee_object == "" ? object : callee_object, callee_file == "" ? file : callee_file)
	callee_object = callee_file = ""
	if (from != "" && to == "")
		add(from, 1, $2)
	else if (from == "" && to != "" && function_name ~ /^(bsearch|qsort|msort)/)
		add(to, 1, -$2)          # a call back, counted by itself
	next
}

/^[0-9+*-]/ { add(here(), object ~ /lib(lua|sqlite|cjson)/, $2) }

END {
	for (room in own) total += own[room] + in_library[room]
	n = split("cli ci report run measure policy model journal transcript task plugins json base", order, " ")
	printf "  %-12s %9s %9s %9s %7s\n", "room", "own code", "libraries", "in all", "share"
	for (i = 1; i <= n; i++) {
		sum = own[order[i]] + in_library[order[i]]
		if (sum / turns >= 10)
			printf "  %-12s %9.0f %9.0f %9.0f %6.1f %%\n", order[i], own[order[i]] / turns, in_library[order[i]] / turns, sum / turns, 100 * sum / total
	}
	printf "  %-12s %9s %9s %9.0f\n", "in all", "", "", total / turns
}
