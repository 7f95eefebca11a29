"""What is said, what was heard and where content comes from."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

T_HANDLERS = "tests/skill_endpoint/handlers/"

MUTANTS = [
    Mutant(
        "of reports at once one stays",
        "skill_endpoint/facts/models.py",
        "self.bulk_create([report], ignore_conflicts=True)",
        "report.save()",
        "tests/skill_endpoint/facts/test_report_once.py",
    ),
    Mutant(
        "a source is no script",
        "skill_endpoint/facts/content.py",
        "return scheme is None or",
        "return True or",
        "tests/skill_endpoint/facts/test_locators.py",
    ),
    Mutant(
        "an import is bounded before it is read",
        "skill_endpoint/facts/transfer_sheet.py",
        '- text.count("\\r\\n") > MAX_LINES:',
        "< 0:",
        "tests/companion/test_content_admin_transfer.py",
    ),
    Mutant(
        "a preview is worked out once",
        "skill_endpoint/facts/admin_transfer.py",
        "        forgiving_cache.keep(key, kept, seconds=KEPT.total_seconds())\n",
        "",
        "tests/companion/test_content_admin_transfer.py",
    ),
    Mutant(
        "nobody unknown fills the queue of reports",
        "skill_endpoint/facts/models.py",
        "(1 if user else FactReport.FROM_NOBODY)",
        "(1 if user else 10**9)",
        T_HANDLERS + "test_facts.py",
    ),
    Mutant(
        "content is escaped",
        "skill_endpoint/speech/wording.py",
        'said = fill("{words}", words=measures.spoken(words, imperial=imperial))',
        "said = Ssml(measures.spoken(words, imperial=imperial))",
        "tests/skill_endpoint/test_speech.py",
    ),
    Mutant(
        "an id that a screen sent back is checked",
        "skill_endpoint/handlers/touches.py",
        "id_of(fact_id))",
        "fact_id)  # type: ignore",
        T_HANDLERS + "test_touches.py",
    ),
    Mutant(
        "markup that came back is read before it is said",
        "skill_endpoint/handlers/builtin.py",
        "is_well_formed(memory.speech) and",
        "True and",
        T_HANDLERS + "test_builtin.py",
    ),
    Mutant(
        "a quiz that came back is bounded",
        "skill_endpoint/memory.py",
        '_ids(known.get("quiz"))[:QUIZ_LENGTH]',
        '_ids(known.get("quiz"))',
        T_HANDLERS + "test_quiz.py",
    ),
    Mutant(
        "no address is spoken",
        "skill_endpoint/facts/content.py",
        "if _ADDRESS.search(text):",
        "if False:",
        "tests/skill_endpoint/facts/test_facts_command.py",
    ),
    Mutant(
        "a search is letters, not an expression",
        "skill_endpoint/facts/folding.py",
        "if len(cases) > 1 else re.escape(character)",
        "if len(cases) > 1 else character",
        "tests/companion/test_facts.py",
    ),
]
