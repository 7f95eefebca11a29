"""What people say around a skill's own sentences: wake word, "ask … for", stop, yes, help.

Alexa knows these for every skill, so interaction models need no samples for them.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Wording:
    opening: tuple[str, ...]  # "open …" and nothing else: a launch
    asking: tuple[str, ...]  # "ask … for something": a one-shot request
    joining: tuple[str, ...]  # what stands between the skill's name and the request
    built_in: dict[str, tuple[str, ...]]
    questions: tuple[str, ...] = ()  # what begins with these follows the name as it is
    things: tuple[str, ...] = ()  # what begins with these is asked for


def _built_in(
    stop: str, cancel: str, help_: str, repeat: str, yes: str, no: str
) -> dict[str, tuple[str, ...]]:
    names = ("Stop", "Cancel", "Help", "Repeat", "Yes", "No")
    spoken = (stop, cancel, help_, repeat, yes, no)
    return {
        f"AMAZON.{name}Intent": tuple(words.split("|"))
        for name, words in zip(names, spoken, strict=True)
    }


ENGLISH = Wording(
    opening=("open", "launch", "start", "begin", "run", "play", "use", "talk to"),
    asking=("ask", "tell"),
    joining=("for", "to", "about", "if", "whether", "that", "and"),
    built_in={
        **_built_in(
            "stop|exit|quit|goodbye|that's all|that is all",
            "cancel|never mind|forget it",
            "help|help me|what can you do|what can i say",
            "repeat|repeat that|say that again|again|pardon",
            "yes|yes please|yeah|yep|sure|ok|okay",
            "no|no thanks|no thank you|nope|nah",
        ),
        "AMAZON.NavigateHomeIntent": ("go home", "home screen"),
    },
    questions=("what", "whats", "who", "whos", "how", "when", "where", "which", "why", "is", "do"),
    things=("a", "an", "another", "something", "anything", "the", "my", "more", "help", "one"),
)

BY_LANGUAGE = {
    "ar": Wording(
        opening=("افتح", "شغل", "ابدأ"),
        asking=("اسأل", "اطلب من"),
        joining=("عن",),
        built_in=_built_in("توقف|قف", "إلغاء|ألغ", "مساعدة|ساعدني", "كرر|أعد", "نعم|أجل", "لا"),
    ),
    "de": Wording(
        opening=("öffne", "starte", "beginne"),
        asking=("frage", "frag", "sage", "bitte"),
        joining=("nach", "um", "ob", "dass", "und"),
        built_in=_built_in(
            "stopp|stop|ende",
            "abbrechen",
            "hilfe|hilf mir",
            "wiederholen|noch einmal",
            "ja",
            "nein",
        ),
    ),
    "en": ENGLISH,
    "es": Wording(
        opening=("abre", "inicia", "lanza"),
        asking=("pregunta a", "pide a", "dile a"),
        joining=("por", "sobre", "que"),
        built_in=_built_in(
            "para|detente", "cancela", "ayuda|ayúdame", "repite|otra vez", "sí|vale", "no"
        ),
    ),
    "fr": Wording(
        opening=("ouvre", "lance", "démarre"),
        asking=("demande à", "dis à"),
        joining=("de", "pour", "sur", "si"),
        built_in=_built_in(
            "stop|arrête", "annule|annuler", "aide|aide-moi", "répète|encore une fois", "oui", "non"
        ),
    ),
    "hi": Wording(
        opening=("खोलो", "शुरू करो", "चालू करो"),
        asking=("पूछो",),
        joining=("से",),
        built_in=_built_in(
            "रुको|बंद करो", "रद्द करो", "मदद|मदद करो", "दोहराओ|फिर से कहो", "हाँ|हां", "नहीं"
        ),
    ),
    "it": Wording(
        opening=("apri", "avvia", "lancia"),
        asking=("chiedi a", "di' a"),
        joining=("di", "su", "se"),
        built_in=_built_in("basta|stop|fermati", "annulla", "aiuto|aiutami", "ripeti", "sì", "no"),
    ),
    "ja": Wording(
        opening=("開いて", "起動して", "スタート"),
        asking=("聞いて",),
        joining=("で", "に"),
        built_in=_built_in(
            "止めて|ストップ|終了",
            "キャンセル",
            "ヘルプ|助けて",
            "もう一度|繰り返して",
            "はい",
            "いいえ",
        ),
    ),
    "nl": Wording(
        opening=("open", "start", "begin"),
        asking=("vraag", "zeg tegen"),
        joining=("om", "naar", "over", "of"),
        built_in=_built_in(
            "stop|klaar", "annuleer|annuleren", "help|hulp", "herhaal|nog een keer", "ja", "nee"
        ),
    ),
    "pt": Wording(
        opening=("abra", "abrir", "inicie"),
        asking=("peça a", "pergunte a", "diga a"),
        joining=("por", "sobre", "se", "que"),
        built_in=_built_in(
            "pare|parar", "cancelar|cancela", "ajuda|me ajude", "repita|de novo", "sim", "não"
        ),
    ),
}


def of(locale: str) -> Wording:
    return BY_LANGUAGE.get(locale.partition("-")[0], ENGLISH)
