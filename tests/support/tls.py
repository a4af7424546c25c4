"""Certificates made on the spot, and contexts of clients that trust them."""

import os
import pathlib
import shutil
import ssl
import subprocess
import tempfile


class Certificate:
    """A self-signed certificate for localhost and 127.0.0.1 with its key, in a folder."""

    def __init__(self, name="localhost", days=30, key="ec"):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tailrace-tls-"))
        self.cert = str(self.folder / "cert.pem")
        self.key = str(self.folder / "key.pem")
        self.make(name, days, key)

    def make(self, name, days=30, key="ec"):
        """Writes another pair, each file in one step, as renewal does."""
        kinds = {"ec": ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"], "rsa": ["rsa:2048"]}
        subprocess.run(
            ["openssl", "req", "-x509", "-nodes", "-newkey", *kinds[key], "-days", str(days),
             "-subj", f"/CN={name}", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
             "-keyout", self.key + ".new", "-out", self.cert + ".new"],
            check=True, stdin=subprocess.DEVNULL, capture_output=True)
        os.rename(self.key + ".new", self.key)
        os.rename(self.cert + ".new", self.cert)

    def settings(self):
        return {"tls.cert": self.cert, "tls.key": self.key}

    def client(self, version=None, protocols=(), verify=True):
        """A client's context: trusts this certificate, or with verify=False anything."""
        context = ssl.create_default_context(cafile=self.cert)
        if not verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if version:
            context.minimum_version = context.maximum_version = version
        if protocols:
            context.set_alpn_protocols(list(protocols))
        return context

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)
