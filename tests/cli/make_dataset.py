#!/usr/bin/env python3
"""Writes a data set in the paper's published format (arXiv 2509.09677), of any size.

    make_dataset.py OUT.json [--rollouts 100] [--steps 50000] [--keys 100] [--seed 42] [--bare] [--late]

--bare leaves out the enclosing "dict_sum"; --late puts the dictionary after the rollouts.
"""
import argparse
import json
import random


def rollout(rng, words, values, steps):
    keys = rng.choices(words, k=steps)
    added = [values[k] for k in keys]
    total, totals = 0, []
    for v in added:
        total += v
        totals.append(total)
    return {"input": keys, "values": added, "output": totals}


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("out")
    for name, default in (("rollouts", 100), ("steps", 50000), ("keys", 100), ("seed", 42)):
        ap.add_argument("--" + name, type=int, default=default)
    ap.add_argument("--bare", action="store_true")
    ap.add_argument("--late", action="store_true")
    a = ap.parse_args()

    rng = random.Random(a.seed)
    words = ["".join(rng.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(5)) for _ in range(4 * a.keys)]
    words = sorted(set(words))[: a.keys]
    values = {w: rng.randint(-99, 99) for w in words}

    # Written rollout by rollout, so that a large set needs little memory.
    with open(a.out, "w") as f:
        f.write("{" if a.bare else '{"dict_sum": {')
        f.write('"experiment_type": "dict_sum", "config": {"dict_size": %d, "horizon_length": %d}, ' % (a.keys, a.steps))
        if not a.late:
            f.write('"dictionary": %s, ' % json.dumps(values))
        f.write('"ground_truth_data": [')
        for i in range(a.rollouts):
            f.write((", " if i else "") + json.dumps(rollout(rng, words, values, a.steps)))
        f.write("]")
        if a.late:
            f.write(', "dictionary": %s' % json.dumps(values))
        f.write("}\n" if a.bare else "}}\n")


if __name__ == "__main__":
    main()
