"""One example of each fault that `rules.yml` looks for. Never imported."""

import csv
import hashlib
import logging
import pickle
import random
import re
import ssl
import tarfile
import urllib.request

from markupsafe import Markup
from PIL import Image
from sqlalchemy import text

log = logging.getLogger(__name__)


def plant(connection, token, given, name, choice, received):
    connection.execute(text(f"SELECT * FROM voters WHERE name = '{name}'"))
    if token == given:
        random.choice(received)
    pickle.loads(received)
    hashlib.sha1(received)
    ssl._create_unverified_context()
    urllib.request.urlopen(name)
    tarfile.open(name).extractall()
    Image.open(received)
    csv.writer(received)
    log.info("chose %s", choice)
    re.search(f"^{name}$", received)
    return Markup(f"<b>{name}</b>")
