"""What people say around a skill's own sentences: wake word, "ask … for", stop, yes, help.

Alexa knows these for every skill, so interaction models need no samples for them. Alternatives are
written as in the models' sources, (open|launch) {name}; in Japanese with spaces between words,
which do not count.
"""

from __future__ import annotations

from dataclasses import dataclass

from skill_endpoint.interaction_models.expansion import expand

REQUEST = "{request}"


@dataclass(frozen=True, kw_only=True)
class Wording:
    launches: tuple[str, ...]  # "open {name}" and nothing else
    frames: tuple[str, ...]  # all ways to make a request, {request}, in one sentence with {name}
    # How we say one: a frame, and the first words of the requests that it is for. The last one
    # is for all others.
    one_shot: tuple[tuple[str, tuple[str, ...]], ...]
    built_in: dict[str, tuple[str, ...]]
    calling: str = "Alexa, {sentence}"

    def frame(self, first_word: str) -> str:
        fitting = (frame for frame, first_words in self.one_shot if first_word in first_words)
        return next(fitting, self.one_shot[-1][0])

    def gap(self, frame: str, gap: str) -> str:
        """What stands before the request: Arabic writes its "and" onto the next word."""
        return gap if frame.partition(REQUEST)[0].endswith(" ") or not gap else ""


def _wording(
    *,
    launches: str,
    frames: tuple[str, ...],
    one_shot: dict[str, str],
    built_in: dict[str, str],
    calling: str = "Alexa, {sentence}",
) -> Wording:
    """From notation: frames by the first words that they are for, all separated by bars."""
    return Wording(
        launches=tuple(expand(launches)),
        frames=tuple(text for frame in frames for text in expand(frame)),
        one_shot=tuple((frame, tuple(words.split("|"))) for frame, words in one_shot.items()),
        built_in={
            f"AMAZON.{name}Intent": tuple(words.split("|")) for name, words in built_in.items()
        },
        calling=calling,
    )


ENGLISH = _wording(
    launches="(open|launch|start|begin|run|play|use|talk to|ask|tell) {name}",
    frames=(
        "{name} (|and) {request}",
        "(ask|tell) {name} (|for|to|about|if|whether|that|and) {request}",
        "(open|launch|start|begin|run|play|use|talk to) {name} (|for|to|about|and) {request}",
        "{request} (from|using|with) {name}",
    ),
    one_shot={
        "ask {name} {request}": "what|whats|who|whos|how|when|where|which|why|is|do",
        "ask {name} for {request}": (
            "a|an|another|something|anything|the|my|more|help|one|today's|todays"
        ),
        "ask {name} to {request}": "",
    },
    built_in={
        "Stop": "stop|exit|quit|goodbye|that's all|that is all",
        "Cancel": "cancel|never mind|forget it",
        "Help": "help|help me|what can you do|what can i say",
        "Repeat": "repeat|repeat that|say that again|again|pardon",
        "Yes": "yes|yes please|yeah|yep|sure|ok|okay",
        "No": "no|no thanks|no thank you|nope|nah",
        "NavigateHome": "go home|home screen",
    },
)

BY_LANGUAGE = {
    # the frames are Amazon's, and "افتحي … و"; what follows "استخدمي …" keeps its "ل" or "و"
    "ar": _wording(
        launches="(افتحي|افتح|شغلي|شغل|ابدئي|ابدأ|استخدمي|استخدم) {name}",
        frames=(
            "(افتحي|افتح|شغلي|شغل|ابدئي|ابدأ) {name} و{request}",
            "(افتحي|افتح|شغلي|شغل|ابدئي|ابدأ) {name} (|و) {request}",
            "(اسألي|اسأل|أسألي|أبغى أسأل) {name} (|عن|إذا) {request}",
            "(اطلبي|اطلب) من {name} (|أن) {request}",
            "(ابحثي|ابحث) في {name} عن {request}",
            "(استخدمي|استخدم) {name} {request}",
            "{request} (من|في) {name}",
        ),
        one_shot={
            "اسألي {name} {request}": (
                "ما|ماذا|من|مين|كم|كيف|لماذا|ليش|أين|وين|هل|أي|إيش|ايش|وش|متأكدة"
            ),
            "اسألي {name} عن {request}": "المصدر|المواضيع|مفضلتي|قائمتي|مواضيعي|حسابي|ملفي",
            "اطلبي من {name} {request}": (
                "معلومة|حقيقة|عجيبة|معلومات|مسابقة|اختبار|تفاصيل|المزيد|حفظ|حذف|تغيير|ربط|تعديل"
            ),
            "اطلبي من {name} أن {request}": (
                "تعطيني|تقول|تقولي|تحكي|تسمعني|تخبرني|تخبريني|تحفظ|تحفظها|تحذف|تختبرني|تبدأ|تسألني"
            ),
            "افتحي {name} و{request}": "",
        },
        built_in={
            "Stop": "توقف|توقفي|قف|قفي|وقف|كفى|اخرج",
            "Cancel": "إلغاء|ألغ|ألغي",
            "Help": "مساعدة|ساعدني|ساعديني|ممكن مساعدة|المساعدة",
            "Repeat": "كرر|كرري|أعد|أعيدي",
            "Yes": "نعم|أجل|أيوه|أيوة|إيه|إي|طيب",
            "No": "لا|لا شكرا|لأ",
            "NavigateHome": "الشاشة الرئيسية|الصفحة الرئيسية",
        },
        calling="أليكسا، {sentence}",
    ),
    "de": _wording(
        launches="((öffne|starte|beginne|spiele|spiel|frage|frag) {name}|{name} (öffnen|starten))",
        frames=(
            "(öffne|starte|beginne|spiele|spiel) {name} (|und) {request}",
            "(frage|frag) {name} (|nach|ob|und) {request}",
            "(sage|sag) {name} (|dass|und) {request}",
            "bitte {name} (|um) {request}",
            "{request} (mit|von) {name}",
        ),
        one_shot={
            "frage {name} {request}": (
                "was|wer|wie|wo|woher|wann|warum|wieso|welche|welcher|welches|wem|wen|ob"
            ),
            "frage {name} nach {request}": "dem|einem|einer|meinen",
            "bitte {name} um {request}": "den|einen|eine|ein|noch|mehr|etwas",
            "bitte {name} {request}": "mir",
            "öffne {name} und {request}": "",
        },
        built_in={
            "Stop": "stopp|stop|ende|halt|beenden",
            "Cancel": "abbrechen|vergiss es",
            "Help": "hilfe|hilf mir",
            "Repeat": "wiederholen|wiederhole das|noch einmal|nochmal|wie bitte",
            "Yes": "ja|ja bitte|ja gerne|gerne|okay|ok|klar|jawohl",
            "No": "nein|nein danke|ne|nö|nee",
        },
    ),
    "en": ENGLISH,
    "es": _wording(
        launches="(abre|abrir|inicia|lanza|empieza|pon|usa|habla con) {name}",
        frames=(
            "(abre|abrir|inicia|lanza|empieza|pon) {name} (|y) {request}",
            "(pregunta|pregúntale|consulta) a {name} (|por|sobre|si) {request}",
            "(pide|pídele|di|dile) a {name} (|por|que) {request}",
            "{request} (con|en) {name}",
        ),
        one_shot={
            "pregunta a {name} {request}": (
                "qué|quién|cómo|cuándo|dónde|cuál|cuáles|cuánto|cuántos|cuántas|por|de|si"
            ),
            "pide a {name} {request}": (
                "un|una|uno|otra|otro|algo|alguna|la|el|mi|mis|más|que|curiosidades|ayuda"
            ),
            "abre {name} y {request}": "",
        },
        built_in={
            "Stop": "para|detente|basta|adiós",
            "Cancel": "cancela|cancelar|olvídalo|da igual",
            "Help": "ayuda|ayúdame|qué puedes hacer",
            "Repeat": "repite|repítelo|otra vez",
            "Yes": "sí|vale|claro|sí por favor|bueno|ok|okey",
            "No": "no|no gracias|qué va",
        },
    ),
    "fr": _wording(
        launches="(ouvre|ouvrez|lance|lancez|démarre|démarrez|commence|utilise|parle à) {name}",
        frames=(
            "(ouvre|ouvrez|lance|lancez|démarre|démarrez) {name} (|et|pour) {request}",
            "(demande|demandez|dis|dites) à {name} (|de|pour|sur|si|que) {request}",
            "demande à {name} (d'|qu'){request}",
            "{request} (avec|sur) {name}",
        ),
        # apostrophes do not count: "qu'est-ce que" begins with "quest"
        one_shot={
            "demande à {name} {request}": (
                "qui|que|quel|quelle|quels|quelles|quest|comment|quand|où|dou|pourquoi|combien|si|ce|"
                "cest|une|un|la|le|les|ma|mon|mes|lanecdote|linfo|quelque"
            ),
            "demande à {name} de {request}": "me|men|mapprendre|changer|choisir|garder|lancer|lire",
            "ouvre {name} et {request}": "",
        },
        built_in={
            "Stop": "stop|arrête|arrête-toi|au revoir",
            "Cancel": "annule|annuler|laisse tomber|oublie",
            "Help": "aide|aide-moi|à l'aide|qu'est-ce que tu peux faire",
            "Repeat": "répète|répète ça|encore une fois|pardon|redis-le",
            "Yes": "oui|oui s'il te plaît|d'accord|ok|ouais|bien sûr",
            "No": "non|non merci|nan",
        },
    ),
    "hi": _wording(
        launches=(
            "({name} (खोलो|खोलिए|खोल दो|ओपन करो|open करो|शुरू करो|शुरू कीजिए|स्टार्ट करो|start करो"
            "|चालू करो|चलाओ)|(खोलो|ओपन) {name})"
        ),
        frames=(
            "{name} (खोलो|खोलिए|खोल दो|शुरू करो|शुरू कीजिए|चालू करो|चलाओ) (|और) {request}",
            "{name} (से|को) (पूछो|पूछिए|कहो|कहिए|बोलो|बोलिए) (|कि) {request}",
            "(|मुझे) {name} (से|में) {request}",
        ),
        one_shot={
            "{name} से पूछो {request}": ("क्या|कौन|कैसे|कब|कहाँ|कहां|क्यों|कितने|कितनी|किसने|किस|किन|कौनसे"),
            "{name} से कहो {request}": "",
        },
        built_in={
            "Stop": "रुको|रुकिए|बंद करो|बस|स्टॉप",
            "Cancel": "रद्द करो|कैंसिल|कैंसल|कैंसिल करो|रहने दो|जाने दो",
            "Help": "मदद|मदद करो|मदद कीजिए|सहायता",
            "Repeat": "दोहराओ|दोहराइए|फिर से|फिर से कहो|फिर से बोलो",
            "Yes": "हाँ|हां|जी|जी हाँ|जी हां|हाँ जी|हां जी|ठीक है|ओके",
            "No": "नहीं|जी नहीं|नहीं जी|ना",
        },
        calling="एलेक्सा, {sentence}",
    ),
    "it": _wording(
        launches=(
            "((apri|avvia|lancia|inizia|comincia|usa|fai partire|parla con) {name}"
            "|(chiedi|domanda|di') a {name})"
        ),
        frames=(
            "(apri|avvia|lancia|inizia|comincia|usa|fai partire) {name} (|e) {request}",
            "(chiedi|domanda) a {name} (|di|su|se|che|per|e) {request}",
            "di' a {name} (|di|che|e) {request}",
            "{request} (con|da|su) {name}",
        ),
        one_shot={
            "chiedi a {name} {request}": (
                "chi|che|cosa|come|quando|dove|da|perché|qual|quale|quali|quanti|quante|se|di"
                "|il|lo|la|i|gli|le|un|uno|una|un'altra|unaltra|altre|qualcosa|qualcos'altro"
                "|su|sul|sullo|sulla|sui|sugli|sulle|curiosità"
            ),
            "chiedi a {name} di {request}": (
                "dirmi|dirmene|raccontarmi|raccontarmene|darmi|parlarmi|insegnarmi|sorprendermi"
                "|stupirmi|spiegarmelo|salvarla|cancellarla|eliminarla|toglierla|leggermi|elencarmi"
                "|farmi|fare|iniziare|interrogarmi|segnalare|cambiare|scegliere|modificare"
                "|collegare|scollegare"
            ),
            "apri {name} e {request}": "",
        },
        built_in={
            "Stop": "basta|stop|fermati|ferma|esci|chiudi|fine|termina",
            "Cancel": "annulla|lascia stare|lascia perdere|non importa|come non detto",
            "Help": "aiuto|aiutami|ho bisogno di aiuto|mi serve aiuto",
            "Repeat": "ripeti|ripetilo|di nuovo|ancora una volta|puoi ripetere",
            "Yes": "sì|sì grazie|sì per favore|certo|va bene|ok|okay|sicuro",
            "No": "no|no grazie|per niente|assolutamente no",
            "NavigateHome": "torna alla home|vai alla home|schermata principale",
        },
    ),
    "ja": _wording(
        launches="({name} (を|) (開いて|起動して|始めて|スタート)|{name} (で|と) 話したい)",
        frames=(
            "{name} (を|) (開いて|起動して|始めて) {request}",
            "{name} (で|に|から) (聞いて|) {request}",
            "{name} (で|に) {request} (と|) 聞いて",
        ),
        one_shot={"{name}で、{request}": ""},
        built_in={
            "Stop": "止めて|やめて|ストップ|終了",
            "Cancel": "キャンセル|取り消し",
            "Help": "ヘルプ|助けて|使い方",
            "Repeat": "もう一度|もう一回|繰り返して",
            "Yes": "はい|うん|お願い|お願いします|いいよ",
            "No": "いいえ|いや|ううん|結構です",
        },
        calling="アレクサ、{sentence}",
    ),
    "nl": _wording(
        launches=(
            "((open|start|begin|gebruik|speel|vraag|praat met) {name}|{name} (openen|starten))"
        ),
        frames=(
            "(open|start|begin|gebruik|speel) {name} (|en) {request}",
            "vraag (|aan) {name} (|om|naar|over|of) {request}",
            "zeg (|tegen) {name} (|dat) {request}",
            "{request} (met|van|bij) {name}",
        ),
        one_shot={
            "vraag {name} {request}": (
                "wat|wie|hoe|wanneer|waar|waarom|waarover|waaruit|welke|welk|hoeveel|of"
                "|ben|heb|is|kan|ken|klopt|kun|mag|weet|wil|zijn"
            ),
            "vraag {name} naar {request}": "de|je|mijn",
            "vraag {name} om {request}": (
                "een|eentje|het|iets|meer|me|mij|nog|ons|uitleg|weetje|weetjes"
            ),
            "open {name} en {request}": "",
        },
        built_in={
            "Stop": "stop|stoppen|hou op|klaar|genoeg",
            "Cancel": "annuleer|annuleren|laat maar|laat maar zitten|vergeet het|vergeet het maar",
            "Help": "help|help me|hulp|ik heb hulp nodig",
            "Repeat": "herhaal|herhaal dat|herhalen|nog een keer|zeg dat nog eens",
            "Yes": "ja|ja graag|ja hoor|oké|ok|prima",
            "No": "nee|nee dank je|nee bedankt|nee hoor",
            "NavigateHome": "ga naar het startscherm|startscherm",
        },
    ),
    "pt": _wording(
        launches=(
            "((abra|abre|abrir|inicie|inicia|iniciar|comece|começa|começar|use|usa|lance) {name}"
            "|(fale|fala|falar) com {name})"
        ),
        frames=(
            "(abra|abre|abrir|inicie|inicia|iniciar|comece|começa|use) {name} (|e|para) {request}",
            "(peça|pede|diga|diz|fale|fala) (a|à|ao|para|para a|para o|pra) {name} "
            "(|por|que|para|pra) {request}",
            "(pergunte|pergunta) (a|à|ao|para|para a|para o|pra) {name} (|por|sobre|se) {request}",
            "(peça|pede|pergunte|pergunta) {request} (a|à|ao|para|para a|para o|pra|pro) {name}",
            "{request} (com|no|na|em|do|da) {name}",
        ),
        one_shot={
            "pergunte para {name} {request}": (
                "o|que|quem|como|quando|onde|qual|quais|quanto|quantos|quantas|por|porque|se|de|isso"
            ),
            "peça {request} para {name}": (
                "a|uma|outra|mais|algo|alguma|curiosidade|curiosidades|ajuda"
            ),
            "peça para {name} {request}": (
                "contar|dizer|falar|fazer|salvar|guardar|apagar|remover|ler|listar|mudar|trocar"
                "|escolher|explicar|reportar|vincular|desvincular|começar|iniciar"
            ),
            "abra {name} e {request}": "",
        },
        built_in={
            "Stop": "pare|parar|para|chega|tchau|sair",
            "Cancel": "cancelar|cancela|cancele|deixa pra lá|deixa para lá|esquece",
            "Help": "ajuda|me ajude|me ajuda|socorro",
            "Repeat": "repita|repete|de novo|outra vez",
            "Yes": "sim|quero|claro|pode ser|sim por favor|isso|ok",
            "No": "não|não obrigado|não obrigada|não quero",
            "NavigateHome": "tela inicial|ir para o início|voltar para o início",
        },
    ),
}


def of(locale: str) -> Wording:
    return BY_LANGUAGE.get(locale.partition("-")[0], ENGLISH)
