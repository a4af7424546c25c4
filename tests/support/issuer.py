"""An issuer of tokens (JWT) with an RSA key, made by openssl."""

import base64
import json
import subprocess
import time


def encode(data):
    if isinstance(data, dict):
        data = json.dumps(data).encode()
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


class Issuer:
    """An RSA key of its own in `folder`."""

    def __init__(self, folder, key_id):
        self.key_id = key_id
        self.file = folder / f"{key_id}.pem"
        self.openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048",
                     "-out", str(self.file))
        modulus = self.openssl("rsa", "-in", str(self.file), "-noout", "-modulus")
        self.modulus = bytes.fromhex(modulus.decode().strip().partition("=")[2])

    @staticmethod
    def openssl(*words, data=None):
        return subprocess.run(["openssl", *words], input=data, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, check=True).stdout

    def jwk(self):
        return {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.key_id,
                "n": encode(self.modulus), "e": "AQAB"}

    def token(self, header=None, **claims):
        now = int(time.time())
        payload = {"iss": "https://issuer.test", "aud": "tailrace", "sub": "joe", "exp": now + 600,
                   **claims}
        head = {"alg": "RS256", "kid": self.key_id, **(header or {})}
        text = encode(head) + "." + encode({k: v for k, v in payload.items() if v is not None})
        signature = self.openssl("dgst", "-sha256", "-sign", str(self.file), data=text.encode())
        return text + "." + encode(signature)
