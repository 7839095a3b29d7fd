"""The API's figures of meetings: what the desk shows, of the meetings that the asker may see."""

from __future__ import annotations

from tests import factories
from tests.blueprints.test_api import V1, bearer
from tests.support.meetings import check_in, meeting, member


def test_figures_of_meetings_and_members_are_those_of_the_desk(client):
    group = factories.GroupFactory(name="North")
    there, away = member(group, name="Ada"), member(group, name="Bo")
    session = meeting(group_id=group.id)
    check_in(session, there)
    admin, officer = bearer("admin"), bearer("officer")
    found = client.get(f"{V1}/figures/meetings?group_id={group.id}", headers=admin).json
    assert (found["members"], found["present"], found["share"], found["devices_waiting"]) == (2, 1, 50.0, 0)
    assert [(one["meeting_id"], one["group"], one["present"]) for one in found["held"]] == [(session.id, "North", 1)]
    members = client.get(f"{V1}/figures/members?sort=missed&order=desc", headers=admin).json
    assert [(one["voter_id"], one["missed"]) for one in members["members"]] == [(away.voter_id, 1), (there.voter_id, 0)]
    others = client.get(f"{V1}/figures/meetings", headers=officer).json
    assert (others["held"], others["devices_waiting"]) == ([], None)
