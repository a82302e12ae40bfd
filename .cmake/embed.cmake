# cmake -DSOURCE=… -DOUT=FILE.c -P embed.cmake: the files that `longhaul new` writes, as C (core/cli/templates.h).
# scripts/templates/KIND/… belongs to that kind. What edits Lua gets the editor's files of this repository besides.
include(${CMAKE_CURRENT_LIST_DIR}/bytes.cmake)
file(GLOB_RECURSE found LIST_DIRECTORIES false RELATIVE ${SOURCE}/scripts/templates ${SOURCE}/scripts/templates/*)
list(SORT found)
set(arrays "")
set(rows "")
set(count 0)

function(embed kind path text)
  lh_bytes(bytes "${text}")
  set(arrays "${arrays}static const unsigned char f${count}[] = {\n${bytes}0};\n" PARENT_SCOPE)
  set(rows "${rows}\t{ \"${kind}\", \"${path}\", f${count}, sizeof f${count} - 1 },\n" PARENT_SCOPE)
  math(EXPR next "${count} + 1")
  set(count ${next} PARENT_SCOPE)
endfunction()

foreach(name ${found})
  string(REGEX MATCH "^([a-z]+)/(.+)$" whole ${name})
  set(kind ${CMAKE_MATCH_1})
  set(path ${CMAKE_MATCH_2})
  file(READ ${SOURCE}/scripts/templates/${name} text)
  embed(${kind} ${path} "${text}")
endforeach()

file(READ ${SOURCE}/scripts/stubs/longhaul.lua stub)
file(READ ${SOURCE}/.luarc.json luarc)
string(REPLACE "scripts/stubs" "stubs" luarc "${luarc}")
foreach(kind policy experiment)
  embed(${kind} stubs/longhaul.lua "${stub}")
  embed(${kind} .luarc.json "${luarc}")
endforeach()

file(WRITE ${OUT} "/* Made by .cmake/embed.cmake from scripts/templates. */
#include \"cli/templates.h\"

${arrays}
const struct lh_template lh_templates[] = {
${rows}\t{ NULL, NULL, NULL, 0 },
};
")
