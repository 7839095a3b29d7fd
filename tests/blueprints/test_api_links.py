"""The API's voting links: sent to a roll, one renewed, and how each stands."""

from __future__ import annotations

from models import Channel
from tests import factories
from tests.blueprints.test_api import V1, bearer
from tests.support.links import link_election, make_links, tokens_of
from tests.support.voting import voters_of


def standing_of(client, address, header):
    return {row["voter_id"]: row["standing"] for row in client.get(address, headers=header).json["voters"]}


def test_links_are_sent_to_a_roll_one_is_renewed_and_none_is_ever_shown(client):
    election = link_election(voters=2)
    header, address = bearer("admin"), f"{V1}/elections/{election.id}/links"
    first, second = (voter.id for voter in voters_of(election))
    assert standing_of(client, address, header) == {first: "no_link", second: "no_link"}
    sent = client.post(address, json={}, headers=header)
    assert (sent.status_code, sent.json) == (202, {"status": "sending", "progress": 0, "total": 2, "renew": False})
    make_links()
    old = tokens_of(election)
    shown = client.get(address, headers=header)
    assert (shown.json["sending"]["status"], shown.json["counts"]["under_way"]) == ("done", 2)
    assert not any(token in shown.text for token in old.values())
    again = client.post(f"{address}/{first}", headers=header)
    assert (again.status_code, again.json["voter_id"]) == (202, first)
    assert client.post(f"{V1}/voting/validate-token", json={"token": old[first]}).json["valid"] is False
    assert client.post(f"{V1}/voting/validate-token", json={"token": tokens_of(election)[first]}).json["valid"] is True


def test_links_that_would_lead_nowhere_are_not_sent(client):
    header, booth_only = bearer("admin"), factories.make_open_election(voters=1, channels=[Channel.BOOTH])
    refused = client.post(f"{V1}/elections/{booth_only.id}/links", json={"renew": True}, headers=header)
    assert (refused.status_code, refused.json["code"]) == (409, "conflict")
    stranger = factories.VoterFactory()
    linked = link_election(voters=1)
    assert client.post(f"{V1}/elections/{linked.id}/links/{stranger.id}", headers=header).status_code == 404
