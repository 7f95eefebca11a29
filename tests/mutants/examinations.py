"""The self-test before Amazon's review and the doctor: what they send and show."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

T_CERTIFY_RUN = "tests/skill_endpoint/certification/test_run.py"
T_CERTIFY_EXCHANGE = "tests/skill_endpoint/certification/test_exchange.py"
T_DOCTOR = "tests/companion/doctor"

MUTANTS = [
    Mutant(
        "certify: a refusal without a control is not passed",
        "skill_endpoint/certification/case.py",
        'if proof.startswith("control") and verdict.state == "passed":',
        "if False:",
        T_CERTIFY_RUN,
    ),
    Mutant(
        "certify: one deadline for a whole answer",
        "skill_endpoint/certification/exchange.py",
        "self._connection.settimeout(_left(self._end))",
        "self._connection.settimeout(5)",
        T_CERTIFY_EXCHANGE,
    ),
    Mutant(
        "certify: no query in a report",
        "skill_endpoint/certification/exchange.py",
        "{'?…' if query else ''}",
        "{query}",
        T_CERTIFY_EXCHANGE,
    ),
    Mutant(
        "certify: http stays on this machine",
        "skill_endpoint/certification/exchange.py",
        'if parts.scheme == "http" and host not in LOOPBACK:',
        "if False:",
        T_CERTIFY_EXCHANGE,
    ),
    Mutant(
        "certify: no wait without end after a 429",
        "skill_endpoint/certification/bench.py",
        "if seconds > MAX_WAIT or self._waited + max(0, more) > MAX_WAIT:",
        "if False:",
        f"{T_CERTIFY_RUN}::test_it_waits_for_a_minute_in_all",
    ),
    Mutant(
        "certify: the folder of keys is left as it was",
        "skill_endpoint/certification/publishing.py",
        "path.unlink(missing_ok=True)",
        "pass",
        T_CERTIFY_RUN,
    ),
    Mutant(
        "certify: a report runs nothing",
        "skill_endpoint/certification/report.html",
        "<td>{{ row.seen }}{% if row.took %}, {{ row.took }}{% endif %}{% for note",
        "<td>{{ row.seen|safe }}{% if row.took %}, {{ row.took }}{% endif %}{% for note",
        "tests/skill_endpoint/certification/test_reports.py",
    ),
    Mutant(
        "certify: an endpoint commands no terminal",
        "skill_endpoint/certification/judgement.py",
        '"".join(filter(str.isprintable, answer.content_type[:60]))',
        "answer.content_type[:60]",
        "tests/skill_endpoint/certification/test_judgement.py",
    ),
    Mutant(
        "doctor: no secret without TLS",
        "companion/doctor/checks/endpoints.py",
        '_require(web.is_safe(url), f"{url} is not https: the secret is not sent there")',
        "pass",
        f"{T_DOCTOR}/test_endpoints.py",
    ),
    Mutant(
        "doctor: Amazon's token goes to Amazon alone",
        "companion/doctor/checks/linking.py",
        "if options.smapi != SMAPI and urlsplit(options.smapi).hostname not in web.LOOPBACK:",
        "if False:",
        f"{T_DOCTOR}/test_linking.py",
    ),
    Mutant(
        "doctor: only skill ids go into the address",
        "companion/doctor/checks/linking.py",
        "if not SKILL_ID.fullmatch(skill) or options.stage not in STAGES:",
        "if False:",
        f"{T_DOCTOR}/test_linking.py",
    ),
    Mutant(
        "doctor: no redirect is followed",
        "companion/doctor/web.py",
        "allow_redirects=False",
        "allow_redirects=True",
        f"{T_DOCTOR}/test_endpoints.py",
    ),
    Mutant(
        "doctor: an answer is read up to a size",
        "companion/doctor/web.py",
        "MAX_BYTES = 256 * 1024",
        "MAX_BYTES = 256 * 1024 * 1024",
        f"{T_DOCTOR}/test_endpoints.py",
    ),
    Mutant(
        "doctor: nothing secret leaves in a sentence",
        "companion/doctor/hiding.py",
        'text = text.replace(secret, "(hidden)")',
        "pass",
        f"{T_DOCTOR}/test_report.py",
    ),
    Mutant(
        "doctor: no address of a person leaves in a sentence",
        "companion/doctor/hiding.py",
        '_PHONE.sub("(hidden)", _EMAIL.sub("(hidden)", text))',
        "text",
        f"{T_DOCTOR}/test_report.py",
    ),
    Mutant(
        "doctor: what comes from elsewhere can be written",
        "companion/doctor/hiding.py",
        "\\ufeff\\ud800-\\udfff]",
        "\\ufeff]",
        f"{T_DOCTOR}/test_report.py",
    ),
    Mutant(
        "doctor: the deadline holds",
        "companion/doctor/examination.py",
        "done.get(timeout=left) if left else done.get_nowait()",
        "done.get()",
        f"{T_DOCTOR}/test_examination.py",
    ),
    Mutant(
        "doctor: a check's own error is not shown",
        "companion/doctor/examination.py",
        'f"the check itself failed ({type(failure).__name__})"',
        'f"the check itself failed ({failure})"',
        f"{T_DOCTOR}/test_examination.py",
    ),
    Mutant(
        "doctor: no probe into a trace that records",
        "companion/doctor/checks/endpoints.py",
        "if tracing.span():",
        "if False:",
        f"{T_DOCTOR}/test_endpoints.py",
    ),
    Mutant(
        "doctor: the page is for operators",
        "companion/doctor/views.py",
        "@needs(VIEW)\n",
        "",
        f"{T_DOCTOR}/test_views.py",
    ),
    Mutant(
        "doctor: looking is limited",
        "companion/doctor/views.py",
        'if is_over("doctor", "all", rate=RATE, per=PER):',
        "if False:",
        f"{T_DOCTOR}/test_views.py",
    ),
    Mutant(
        "self-test: a refused good request is no verdict",
        "skill_endpoint/certification/run.py",
        "        if self.refuses_the_good:\n            return 2\n",
        "",
        "tests/skill_endpoint/certification/test_reports.py",
    ),
]
