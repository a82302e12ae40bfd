"""What was said and what was sent, read from run files and transcripts by somebody who has nothing but their text: shared by
the tests of the paper's faults."""
import json
import re

import lhcli
from test_cli_families import READERS

TAG = re.compile(r"<answer>(.*?)</answer>", re.S)


def tagged(content):
    return f"<answer>{content}</answer>"


def answer_in(text):
    """Of a reply as sim writes it: the canonical answer, or None."""
    found = TAG.findall(text)
    return found[-1] if found and found[-1] else None


def reader(task, instructions):
    return READERS[task.split(":")[0]](instructions)


class Talk:
    """The messages of one request: instructions, prompts and the replies between them, the last prompt without one."""

    def __init__(self, messages):
        roles = [m["role"] for m in messages]
        assert roles == ["system"] + ["user", "assistant"] * (len(roles) // 2 - 1) + ["user"], roles
        self.instructions = messages[0]["content"]
        # Where an empty reply cannot be sent, the prompts before and behind it are one message.
        self.prompts = [prompt for m in messages[1::2] for prompt in m["content"].split("\n\n")]
        self.replies = [m["content"] for m in messages[2::2]]

    def truths(self, task):
        """After each of its prompts, by what the instructions say."""
        told = reader(task, self.instructions)
        state, found = told.start, []
        for prompt in self.prompts:
            state = told.follow(state, prompt)
            found.append(state)
        return found


class Case(lhcli.Case):
    def ran(self, *args, output="run.db"):
        """The conditions of a run, alone in its file."""
        self.path(output).unlink(missing_ok=True)
        return self.report("run", *args, "-o", output, "--no-timing")["conditions"]

    def sent(self, file, sample, turn, *more):
        """The messages of the turn's accepted call."""
        return json.loads(self.good("transcript", file, sample, "--turn", turn, "--as-sent", *more).out)["messages"]

    def talk(self, file, sample, turn, *more):
        return Talk(self.sent(file, sample, turn, *more))

    def truths(self, file, task, condition=0):
        """{(sample, turn): the true state}, from the instructions and prompts of a condition that asked every turn."""
        asked = {}
        for sample, role, text in self.rows(file, "SELECT e.sample, m.role, m.text FROM message m JOIN episode e ON e.id = m.episode"
                                            " WHERE e.condition = ? AND m.made_by = 'task' ORDER BY 1, m.turn", condition):
            if role == "system":
                told = asked[sample] = reader(task, text), []
                state = told[0].start
            else:
                state = told[0].follow(state, text)
                told[1].append(state)
        return {(sample, t + 1): state for sample, (_, states) in asked.items() for t, state in enumerate(states)}

    JUDGED = ("SELECT e.sample, c.turn, c.outcome, c.shown, c.followed, c.answered, c.truth FROM call c JOIN episode e ON e.id = c.episode"
              " WHERE c.accepted AND e.condition = ? ORDER BY 1, 2")

    def judged(self, file, condition=0):
        """{(sample, turn): (outcome, shown, followed, answered, truth)} of the accepted calls."""
        return {row[:2]: row[2:] for row in self.rows(file, self.JUDGED, condition)}

    def said(self, file, condition=0):
        """[(sample, turn, text, thoughts)] of the accepted replies."""
        return self.rows(file, "SELECT e.sample, c.turn, m.text, m.thoughts FROM call c JOIN episode e ON e.id = c.episode"
                         " JOIN message m ON m.episode = c.episode AND m.id = c.reply WHERE c.accepted AND e.condition = ? ORDER BY 1, 2", condition)

    def assertVotes(self, file, n, turns):
        """Each turn has n replies, and the answer accepted is the most frequent of all; the first seen where several are."""
        replies = {}
        for episode, turn, seq, text, accepted in self.rows(file, "SELECT c.episode, c.turn, c.seq, m.text, c.accepted FROM call c"
                                                            " JOIN message m ON m.episode = c.episode AND m.id = c.reply ORDER BY 1, 2, 3"):
            replies.setdefault((episode, turn), []).append((seq, answer_in(text), accepted))
        self.assertEqual(len(replies), turns)
        half_would_do = 0
        for place, calls in replies.items():
            self.assertEqual([seq for seq, _, _ in calls], list(range(n)), place)
            answers = [a for _, a, _ in calls if a is not None]
            chosen = max(answers, key=answers.count)
            self.assertEqual([seq for seq, _, accepted in calls if accepted], [next(seq for seq, a, _ in calls if a == chosen)], f"{place}: {calls}")
            first = [a for _, a, _ in calls[:n // 2] if a is not None]
            half_would_do += first != [] and max(first, key=first.count) == chosen
        self.assertLess(half_would_do, turns, "nothing here tells all votes from the first half")
