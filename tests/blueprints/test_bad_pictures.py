"""Pictures that are none, too large or not still, to every place that takes one: refused in words, never kept."""

from __future__ import annotations

import io
import json

import pytest
from PIL import Image

from tests import factories
from tests.services.identification import acting
from tests.support import pictures, routes

JSON = {"Accept": "application/json"}
HTML = {"Accept": "text/html"}


@pytest.fixture
def rows(app):
    return {"election_id": factories.ElectionFactory().id, "voter_id": factories.VoterFactory().id}


def animated(kind):
    frames = [Image.new("RGB", (300, 300), colour) for colour in ("teal", "red")]
    buffer = io.BytesIO()
    frames[0].save(buffer, kind, save_all=True, append_images=frames[1:])
    return buffer.getvalue()


BAD_PICTURES = {
    "text as image": lambda: pictures.TEXT_AS_IMAGE,
    "html with the first bytes of a gif": lambda: b"GIF89a<script>alert(1)</script>",
    "svg": lambda: b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"></svg>',
    "bomb": pictures.bomb,
    "cut off": lambda: pictures.face()[:2000],
    "half": lambda: pictures.face()[: len(pictures.face()) // 2],
    "animated gif": lambda: animated("GIF"),
    "animated webp": lambda: animated("WEBP"),
    "animated png": lambda: animated("PNG"),
    "bmp": lambda: pictures.plain_picture(kind="BMP"),
    "tiff": lambda: pictures.plain_picture(kind="TIFF"),
    "tiny": lambda: pictures.plain_picture((1, 1)),
    "strip": lambda: pictures.plain_picture((25_000, 200)),
    "nothing": lambda: b"",
    "random": lambda: bytes(range(256)) * 40,
}
UPLOADS = {
    "party": ("/admin/parties", {"name": "Planted"}, "symbol"),
    "candidate": ("/admin/candidates", {"name": "Planted"}, "image"),
    "enrolment": ("/admin/voters/{voter_id}/enroll-face", {"consent": "yes"}, "images"),
}


BAD_UPLOADS = [
    # A long strip is a picture; only a face cannot be on it.
    (name, kind)
    for name in BAD_PICTURES
    for kind in UPLOADS
    if name != "strip" or kind == "enrolment"
]


def stored_files(app):
    folder = app.extensions["platform"].settings.upload_folder
    return {path for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(("name", "kind"), BAD_UPLOADS)
def test_a_file_that_is_no_good_picture_is_refused_and_not_kept(name, kind, rows, app, admin_client):
    address, values, field = UPLOADS[kind]
    values = {**values, "election_id": str(rows["election_id"])}
    before, files = routes.row_counts(), stored_files(app)
    content = BAD_PICTURES[name]()
    for headers in (JSON, HTML):
        upload = [
            (io.BytesIO(content), f"../../../tmp/{index}.jpg") for index in range(3 if kind == "enrolment" else 1)
        ]
        answer = admin_client.post(address.format(**rows), data={**values, field: upload}, headers=headers)
        assert answer.status_code in (413, 422), answer.text[:300]
        routes.assert_refusal_in_words(answer)
    assert routes.row_counts() == before
    assert stored_files(app) == files


@pytest.mark.parametrize("kind", UPLOADS)
def test_a_20_mb_picture_is_too_large_everywhere(kind, rows, app, admin_client):
    address, values, field = UPLOADS[kind]
    values = {**values, "election_id": str(rows["election_id"])}
    before, files = routes.row_counts(), stored_files(app)
    upload = [(io.BytesIO(pictures.face() + bytes(pictures.TWENTY_MB)), "big.jpg")]
    answer = admin_client.post(address.format(**rows), data={**values, field: upload}, headers=JSON)

    assert answer.status_code in ((413,) if kind != "enrolment" else (413, 422))
    routes.assert_refusal_in_words(answer)
    assert (routes.row_counts(), stored_files(app)) == (before, files)


@pytest.mark.parametrize("kind", UPLOADS)
@pytest.mark.parametrize(
    "url",
    ["data:image/jpeg;base64,", "data:text/html;base64,PGI+", "data:image/svg+xml;base64,PHN2Zz4=",
     "http://127.0.0.1/x.jpg",
     "file:///etc/passwd", "data:image/jpeg;base64,@@@@", "data:image/jpeg;base64,AAA",
     "data:image/jpeg;base64,ÀÀÀÀ", "\ud800"],
    ids=ascii,
)  # fmt: skip
def test_an_address_that_is_no_data_url_of_a_picture_is_refused(url, kind, rows, app, admin_client):
    address, values, field = UPLOADS[kind]
    body = {
        **values,
        "election_id": rows["election_id"],
        "consent": True,
        field: [url] * 3 if kind == "enrolment" else url,
    }
    before, files = routes.row_counts(), stored_files(app)
    answer = admin_client.post(address.format(**rows), data=json.dumps(body), content_type="application/json")

    assert answer.status_code == 422, answer.text
    routes.assert_refusal_in_words(answer)
    assert (routes.row_counts(), stored_files(app)) == (before, files)


@pytest.mark.parametrize("name", BAD_PICTURES)
def test_a_bad_frame_at_the_booth_leaves_the_challenge_as_it_was(name, kiosk_client, open_election):
    voter = acting.only_voter(open_election)
    acting.enrol(voter)
    challenge = kiosk_client.post("/poll/auth/start", json={"voter_id": voter.voter_id}).json["challenge"]
    before = routes.row_counts()
    frame = pictures.data_url(BAD_PICTURES[name]())
    answer = kiosk_client.post(
        "/poll/auth/verify", json={"challenge_id": challenge["id"], "step": 0, "frames": [frame]}
    )

    if name == "strip":
        assert answer.status_code in (202, 422)
        return
    assert answer.status_code == 422, answer.text
    routes.assert_refusal_in_words(answer)
    assert routes.row_counts() == before
