# SPDX-License-Identifier: Apache-2.0
"""Certificates for tests, made by the openssl command: self-signed ones, and an authority with what it issues."""
import atexit
import os
import shutil
import subprocess
import tempfile

_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]


def folder():
    path = tempfile.mkdtemp(prefix="remit-tls-")
    atexit.register(shutil.rmtree, path, True)
    return path


def _openssl(*args):
    done = subprocess.run(["openssl", *args], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def self_signed(into, name="server", names="DNS:localhost,IP:127.0.0.1", key=_KEY):
    """The files of a new certificate that signed itself, and of its key."""
    cert, secret = os.path.join(into, name + ".pem"), os.path.join(into, name + ".key")
    _openssl("req", "-x509", *key, "-keyout", secret, "-out", cert, "-subj", f"/CN={name}", "-days", "2",
             "-addext", f"subjectAltName={names}")
    return cert, secret


class Authority:
    def __init__(self, name="authority"):
        self.folder = folder()
        self.cert, self.key = os.path.join(self.folder, "ca.pem"), os.path.join(self.folder, "ca.key")
        _openssl("req", "-x509", *_KEY, "-keyout", self.key, "-out", self.cert, "-subj", f"/CN={name}", "-days", "2",
                 "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign")

    def issue(self, name, names="DNS:localhost,IP:127.0.0.1", days=1, usage="serverAuth"):
        """The files of a certificate for `names` and of its key; with days=-1 it has expired."""
        path = os.path.join(self.folder, name)
        with open(path + ".ext", "w", encoding="ascii") as file:
            file.write(f"subjectAltName={names}\nextendedKeyUsage={usage}\nbasicConstraints=CA:FALSE\n")
        _openssl("req", *_KEY, "-keyout", path + ".key", "-out", path + ".csr", "-subj", f"/CN={name}")
        _openssl("x509", "-req", "-in", path + ".csr", "-CA", self.cert, "-CAkey", self.key, "-out", path + ".pem",
                 "-set_serial", str(abs(hash(name)) + 1), "-days", str(days), "-extfile", path + ".ext")
        return path + ".pem", path + ".key"
