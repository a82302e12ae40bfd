"""Reads a report of `longhaul run … --steps-per-turn K,K,… --json FILE` and prints what is left at the end, by K."""
import json
import sys

print("steps per turn   turns   task accuracy at the end   input tokens in all, a sample")
for c in json.load(open(sys.argv[1]))["conditions"]:
    accuracy, (lo, hi) = c["task_accuracy"][-1], c["task_accuracy_ci"][-1]
    tokens = c["cost"]["tokens_in"] / c["samples"]
    print(f"{c['steps_per_turn']:14} {c['turns']:7}       {100 * accuracy:5.1f} % [{100 * lo:.1f}, {100 * hi:.1f}] {tokens:27,.0f}")
