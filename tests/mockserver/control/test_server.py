from __future__ import annotations

import pytest

from mockserver.assemble import Assembly
from mockserver.control import Control
from mockserver.engine.model import DEFAULT_ORGANIZATION
from mockserver.errors import InvalidRequest, NotFound, SettingsError
from tests.mockserver.conftest import Mock


@pytest.fixture
def control(assembly: Assembly) -> Control:
    return Control(assembly)


def login(mock: Mock, client_id: str, secret: str) -> dict[str, str]:
    answer = mock.http.post("/oauth/token", data={"grant_type": "client_credentials"}, auth=(client_id, secret))
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


def test_a_new_organization_has_credentials_and_a_policy_of_its_own(control: Control, mock: Mock) -> None:
    made = control.create_organization("impatient", {"idle_timeout": 0.5}, client_id="mine", client_secret="my-own-secret")
    assert (made.client_id, made.client_secret, made.name) == ("mine", "my-own-secret", "impatient")
    assert made.policy()["idle_timeout"] == 0.5
    mock.headers = login(mock, "mine", "my-own-secret")
    session = mock.session()
    made.clock.advance(0.5)
    assert mock.send(session).headers["Dayfly-Reason"] == "session.idle"


def test_organizations_never_meet(control: Control, mock: Mock) -> None:
    other = control.create_organization()
    ours = mock.session()
    other.clock.advance(1000)
    other.sessions.end_all()
    other.faults.add("status", times=None)
    other.reject_tokens()
    assert mock.send(ours).status_code == 200
    assert other.requests.find() == []
    assert control.tenant("default").requests.count() == 3


def test_its_journal_begins_empty(control: Control) -> None:
    assert len(list(control.create_organization().trace())) == 1


def test_all_are_listed_in_order_with_their_live_sessions(control: Control, mock: Mock) -> None:
    made = control.create_organization("second")
    mock.session()
    assert control.organizations() == [
        {"id": DEFAULT_ORGANIZATION, "name": "default", "live_sessions": 1},
        {"id": made.id, "name": "second", "live_sessions": 0},
    ]


def test_a_deleted_one_is_gone_with_its_credentials(control: Control, mock: Mock) -> None:
    made = control.create_organization(client_id="mine", client_secret="my-own-secret")
    headers = login(mock, "mine", "my-own-secret")
    control.delete(made.id)
    assert len(control.organizations()) == 1
    assert mock.create(headers=headers).headers["Dayfly-Reason"] == "auth.unknown"
    with pytest.raises(NotFound, match="no organization"):
        control.tenant(made.id)
    with pytest.raises(NotFound, match="no organization"):
        control.delete(made.id)
    assert control.create_organization(client_id="mine").client_id == "mine"


@pytest.mark.parametrize("id", ["default", "00000000", "unassigned"])
def test_those_that_are_always_there_stay(control: Control, id: str) -> None:
    with pytest.raises(InvalidRequest, match="cannot be deleted; reset it instead"):
        control.delete(id)


def test_the_default_one_comes_back_where_the_store_lost_it(control: Control, mock: Mock) -> None:
    control.assembly.store.clear(DEFAULT_ORGANIZATION)
    tenant = control.tenant("default")
    assert (tenant.client_id, tenant.client_secret) == (
        control.assembly.settings.client_id,
        control.assembly.settings.client_secret,
    )
    mock.login()
    assert mock.create().status_code == 200


@pytest.mark.parametrize("policy", [{"tll": 5}, {"ttl": 0}])
def test_one_with_a_policy_that_makes_no_sense_is_not_made(control: Control, policy: dict[str, object]) -> None:
    with pytest.raises(SettingsError, match="policy"):
        control.create_organization(policy=policy)
    assert len(control.organizations()) == 1


def test_strays_can_be_given_a_home(control: Control, mock: Mock) -> None:
    home = control.create_organization()
    home.clock.advance(1000)
    control.assign_strays_to(home.id)
    answer = mock.create(headers={})
    (found,) = home.requests.find()
    assert (found.reason, found.at) == ("auth.missing", home.clock.now())
    assert control.explain(answer.headers["ININ-Correlation-Id"]).organization == home.id
    control.assign_strays_to("unassigned")
    mock.create(headers={})
    assert home.requests.count() == 1
