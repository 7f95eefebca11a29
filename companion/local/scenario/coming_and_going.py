"""New people, sign-out at both ends, tokens renewed and revoked, the skill disabled, a restart."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from companion.local import people
from companion.local.http_browser import Page
from companion.local.scenario.stage import PASSWORD, Stage, Step, contains, expect
from companion.local.scenario.two_doors import NAME, VOICE_FIRST, sign_up
from skill_endpoint.simulator.linking import LinkingFailed

NEWCOMER = "+12065550199"


def newcomer(stage: Stage) -> None:
    """As somebody new in the Alexa app: account first, then on to linking, in one go."""
    browser = stage.browser(NEWCOMER)
    page = sign_up(stage, NEWCOMER, "link")
    page = browser.submit(page.form("/dev/alexa/link/"))
    expect(stage.is_at_the_pool(page.url), "the pool's sign-in form", page.url)
    page = browser.submit(page.form(), username=NEWCOMER, password=PASSWORD)
    contains(page, "The account is linked.", "SkillAccountLinked", "Trace of this linking")
    page = browser.submit(page.form("/dev/alexa/say/"), utterance="who am I")
    contains(page, "WhoAmIIntent", "You haven't saved any")


def revoked(stage: Stage) -> None:
    """The newcomer's token is revoked at the pool; Alexa finds out when it refreshes."""
    browser = stage.browser(NEWCOMER)
    form = browser.at("/dev/alexa/").form("/dev/alexa/act-as/")
    contains(browser.submit(form, sends="revoked"), "Alexa has unlinked the account")
    page = browser.submit(browser.at("/dev/alexa/").form("/say/"), utterance="what did I save")
    contains(page, "LinkAccount")


def refreshed(stage: Stage) -> None:
    alexa = stage.alexa(people.EMAIL)
    before = alexa.account.access_token
    alexa.refresh()
    expect(alexa.account.access_token != before, "another access token", "the same one")
    stage.hears(alexa, "who am I", NAME)


def wrong_secret(stage: Stage) -> None:
    """The token endpoint knows Alexa by the client's secret."""
    alexa = stage.alexa("impostor")
    state = parse_qs(urlsplit(alexa.authorize_address()).query)["state"][0]
    try:
        alexa.finish_linking({"state": state, "code": "made-up"})
    except LinkingFailed as error:
        expect(error.reason == "invalid_grant", "invalid_grant", error.reason)
    else:
        expect(False, "a made-up code refused", "linked")


def signed_out(stage: Stage, role: str, page: Page) -> None:
    """The answer of a sign-out led to the pool's /logout, and nobody is signed in any more."""
    target = urlsplit(page.location)
    pool = urlsplit(stage.site.pool.domain_url)
    expect(
        (page.status, target.netloc, target.path) == (302, pool.netloc, "/logout"),
        "a redirect to the pool's /logout",
        page.location or f"HTTP {page.status}",
    )
    query = parse_qs(target.query)
    expected = {
        "client_id": [stage.site.pool.web_client_id],
        "logout_uri": [f"{stage.site.url}/"],
    }
    expect(query == expected, f"the registered address: {expected}", query)
    browser = stage.browser(role)
    back = browser.open(page.location)
    expect(back.url == f"{stage.site.url}/", "back on the front page", back.url)
    me = browser.at("/me/", follow=False)
    expect("/accounts/login/" in me.location, "/me/ to ask for sign-in", me.location or me.status)


def sign_out_of_site(stage: Stage) -> None:
    browser = stage.browser(people.PHONE)
    page = browser.submit(browser.at("/me/").form("/accounts/logout/"), follow=False)
    signed_out(stage, people.PHONE, page)


def sign_out_with_next(stage: Stage) -> None:
    stage.sign_in(people.PHONE)
    browser = stage.browser(people.PHONE)
    form = browser.at("/me/").form("/accounts/logout/")
    form.action += "?next=/facts/"
    signed_out(stage, people.PHONE, browser.submit(form, follow=False, next="/facts/"))


def sign_out_of_admin(stage: Stage) -> None:
    browser = stage.browser(people.OPERATOR)
    page = browser.submit(browser.at("/admin/").form("/admin/logout/"), follow=False)
    signed_out(stage, people.OPERATOR, page)


def disabled(stage: Stage) -> None:
    """The link is gone on the website; what was saved belongs to the person and stays."""
    alexa = stage.alexa("voice first")
    user_id = alexa.account.user_id
    turn = alexa.disable()
    expect(turn.status == 200, "SkillDisabled answered with HTTP 200", turn.status)
    contains(stage.browser("voice first").at("/alexa-link/"), "Not linked")
    contains(stage.browser("voice first").at("/saved/"), "with Alexa")
    stage.asks_to_link(alexa, "what did I save")
    expect(alexa.account.user_id != user_id, "a new Alexa user id", user_id)


def pool_is_kept(stage: Stage) -> None:
    expect(not stage.site.is_new, "the pool of the first start", "a new pool")


def data_is_kept(stage: Stage) -> None:
    """In the browser of before, which is still signed in."""
    saved = stage.browser(people.EMAIL).at("/saved/")
    contains(saved, stage.notes["by voice"], stage.notes["on the website"])
    form = stage.browser(people.EMAIL).at("/me/").form("/me/preferences/")
    expect(("display_name", NAME) in form.fields, f"the name {NAME}", form.fields)


def people_are_kept(stage: Stage) -> None:
    """The same password, the same row."""
    robin = stage.site.people[people.EMAIL]
    stage.sign_in("another browser", robin.user, robin.password)
    contains(stage.browser("another browser").at("/saved/"), stage.notes["by voice"])
    stage.sign_in("voice first", VOICE_FIRST, PASSWORD)
    contains(stage.browser("voice first").at("/saved/"), "with Alexa")


def link_is_kept(stage: Stage) -> None:
    """With the token of before, and with one that the restarted pool gives for the same link."""
    alexa = stage.alexa(people.EMAIL)
    stage.hears(alexa, "what did I save", stage.notes["by voice"])
    alexa.refresh()
    stage.hears(alexa, "who am I", NAME)


def simulator_is_kept(stage: Stage) -> None:
    page = stage.browser(NEWCOMER).at("/dev/alexa/")
    contains(page, "who am I", "Revoked: Alexa has unlinked it")


STEPS = (
    Step("new person by the sign-up page, then linked", newcomer),
    Step("revoked token: refresh refused, LinkAccount card", revoked),
    Step("access token refreshed", refreshed),
    Step("made-up code refused by the pool", wrong_secret),
    Step("sign-out from the site ends at the pool's /logout", sign_out_of_site),
    Step("sign-out with ?next= does too", sign_out_with_next),
    Step("sign-out from admin does too", sign_out_of_admin),
    Step("skill disabled: link gone, saved facts kept", disabled),
)
AFTER_RESTART = (
    Step("the pool is the same", pool_is_kept),
    Step("session, saved facts and profile are kept", data_is_kept),
    Step("people are kept, and sign in to the same rows", people_are_kept),
    Step("the account link still works, and refreshes", link_is_kept),
    Step("the simulator remembers its household", simulator_is_kept),
)
