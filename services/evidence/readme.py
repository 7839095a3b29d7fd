"""The words in a pack. English only: a pack has the same bytes whoever asks for it."""

TEXT = """EVIDENCE PACK

Election: {title}
Its name in all files: {election}

With this pack anybody can check that the published result is the count of the ballots, that no ballot was changed,
dropped or added since it was sealed, and that there is one receipt for each. It does not say who voted, or when, or
what anybody chose.


HOW TO CHECK IT

You need Python 3.9 or newer, and nothing else. Take the fingerprint of the Election Commission's key from a sample
ballot, a mail or a paper that you have from before the election, not from the place where you found this pack:

    python3 -I -S verify.py PACK.zip FINGERPRINT

A pack can bring a false verify.py along. Take it from somebody you trust, or read it: it is one short file.
To check a signed receipt too (the text in its QR code begins with SVR1:):

    python3 -I -S verify.py PACK.zip FINGERPRINT --receipt SVR1:...

Exit code 0 means that nothing was changed, 1 that something was, 2 that the file could not be read.
By hand, in a folder with the unpacked files: sha256sum -c manifest.txt


THE FILES

verify.py         checks all of this
key.txt           the public key of the installation (Ed25519), in hexadecimal; its SHA-256 is the fingerprint
handovers.jsonl   where that key replaced others: statements, signed by the key that went and the one that came
definition.json   what was decided before voting: title, choices and their order, method, times, rules
definition.sig    its signature; the chain of the ballots begins at its hash
extensions.jsonl  signed changes of the closing time, one a line
ballots.jsonl     every counted ballot in the order of its sealing, which was shuffled; each names the hash before it
receipts.txt      the receipt codes of all counted ballots, in the order of the codes
heads.jsonl       signed ends of the chain of ballots, and of the audit log while voting was open, one a line
opening.tsr, closing.tsr, audit-opening.tsr, audit-closing.tsr
                  as far as they are here: an authority outside says when it saw a head (RFC 3161). verify.py says which
                  head each is of, and how to check the signature of the authority with openssl
result.json       the published result
manifest.txt      the SHA-256 of every file above
manifest.sig      its signature

Every formula, with an example to redo by hand: docs/verification.md of Smart Voting.
"""


def readme(title: str, election: str) -> str:
    """Return README.txt for the election with this title and public id."""
    return TEXT.format(title=" ".join(title.split()), election=election)
