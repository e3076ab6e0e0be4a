"""The report as JUnit XML, which every CI service reads: a suite for each submission, a case for each exercise."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from ..report import ExerciseResult, Report, SubmissionResult

# What XML 1.0 can't hold, not even escaped.
_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(report: Report) -> str:
    """JUnit XML. Not started counts as skipped, an answer that could not be judged as an error."""
    root = ElementTree.Element("testsuites", name=clean(report.course))
    for result in report.submissions:
        root.append(_suite(result))
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def clean(text: str) -> str:
    """A text that XML can hold."""
    return _ILLEGAL.sub("\N{REPLACEMENT CHARACTER}", text)


def _suite(result: SubmissionResult) -> ElementTree.Element:
    states = [one.status for one in result.exercises]
    unread = not result.exercises
    suite = ElementTree.Element(
        "testsuite",
        name=clean(result.submission),
        tests=str(len(states) or 1),
        failures=str(states.count("failed")),
        errors=str(states.count("error") + states.count("timed out") + unread),
        skipped=str(states.count("not started")),
        time=f"{result.seconds:g}",
    )
    for one in result.exercises:
        suite.append(_case(one, result.notebook or ""))
    if unread:
        case = ElementTree.SubElement(suite, "testcase", name="the submission", classname=result.status)
        ElementTree.SubElement(case, "error", message=clean(" ".join(result.notes)) or result.status)
    elif result.notes:
        ElementTree.SubElement(suite, "system-out").text = clean("\n".join(result.notes))
    return suite


def _case(one: ExerciseResult, notebook: str) -> ElementTree.Element:
    case = ElementTree.Element("testcase", name=clean(one.id), classname=clean(notebook))
    tags = {"failed": "failure", "not started": "skipped", "error": "error", "timed out": "error"}
    if one.status in tags:
        child = ElementTree.SubElement(case, tags[one.status], message=clean(one.message))
        if one.mistake:
            child.set("type", clean(one.mistake))
    return case
