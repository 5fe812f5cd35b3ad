"""Lays the answers of the engines side by side: which are the same, and how the others differ.

What most engines answer is taken for right; where as many say this as that, what oslo says. No engine is asked here.
"""

import collections
import re

import answers
import asking

_LIMIT = re.compile(r"LIMIT (\d+)\Z")
# Stage of the answers about an earlier state, as `asking` keeps them.
PAST = ".past"


def _expected(found, ordered):
    """The engine whose answer most engines share; `found` is in the order of the table."""
    digests = {name: answer.digest(ordered) for name, answer in found.items()}
    times = collections.Counter(digests.values())
    return max(digests, key=lambda name: (times[digests[name]], name == "oslo"))


def _of_some(question, names, kept):
    """For a question whose answer may be any so many rows: each answer against the whole."""
    whole = kept.get(question.id, "whole", 0)
    wanted = int(_LIMIT.search(question.text(None, None))[1])
    verdicts = {}
    for name in names:
        answer = kept.get(question.id, name, 0)
        if answer is not None:
            verdicts[name] = "nothing to compare with" if whole is None else answers.some_of(answer, whole, wanted)
    return verdicts


def _of_all(question, names, kept):
    verdicts = {}
    for number in range(asking.COMPARED if question.varies else 1):
        found = {name: kept.get(question.id, name, number) for name in names}
        found = {name: answer for name, answer in found.items() if answer is not None}
        if not found:
            continue
        right = found[_expected(found, question.ordered)]
        for name, answer in found.items():
            said = answers.difference(answer, right, question.ordered)
            # The first difference is told; one is enough.
            verdicts[name] = verdicts.get(name) or said
    return verdicts


def _of_the_past(question, names, kept):
    """Answers about the past against those given at the time."""
    verdicts = {}
    for name in names:
        for number in range(asking.COMPARED if question.varies else 1):
            then, now = kept.get(question.id, name, number), kept.get(question.id, name + PAST, number)
            if then is not None and now is not None:
                verdicts[name] = verdicts.get(name) or answers.difference(now, then, question.ordered)
    return verdicts


def compare(questions, names, kept):
    """For each question by id: for each engine that answered an empty text when its rows are right, else how they differ."""
    verdicts = {}
    for question in questions:
        how = _of_the_past if question.as_of else _of_some if question.whole is not None else _of_all
        verdicts[question.id] = how(question, names, kept)
    return verdicts
