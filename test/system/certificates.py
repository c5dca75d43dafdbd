"""Certificates as servers and clients need them, made by the program `openssl`."""

import subprocess


class Certificate:
    """A certificate in PEM, for `names` such as `DNS:localhost` or `IP:127.0.0.1`,
    and its key. Without an issuer it signs itself, and others."""

    def __init__(self, path, *names, issuer=None):
        self.file, self.key = path.with_suffix(".pem"), path.with_suffix(".key")
        options = ["-addext", "subjectAltName=" + ",".join(names)] if names else []
        if issuer:
            options += ["-CA", issuer.file, "-CAkey", issuer.key]
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
             "-nodes", "-days", "2", "-subj", f"/CN={path.name}", "-keyout", self.key,
             "-out", self.file, *options],
            check=True, capture_output=True)
