#!/usr/bin/env python3
"""tls_chains - chains of certificates, good and bad: what do we say of each, and what does openssl?

usage: tls_chains.py TLSASK
Every case has an exact verdict; openssl's own (verify -x509_strict, for a server of that name) must be the same
where the case does not say why not.
"""
# SPDX-License-Identifier: MIT
import os
import subprocess
import sys
import tempfile
import time

TOOL = os.path.abspath(sys.argv[1])
DAY = 86400
NOW = int(time.time()) + DAY  # after all of them were made
KEYS = {
    "ec": ["ecparam", "-name", "prime256v1", "-genkey", "-noout"],
    "p384": ["ecparam", "-name", "secp384r1", "-genkey", "-noout"],
    "k256": ["ecparam", "-name", "secp256k1", "-genkey", "-noout"],
    "rsa": ["genrsa", "-traditional", "2048"],
    "rsa1024": ["genrsa", "1024"],
    "ed": ["genpkey", "-algorithm", "ed25519"],
}
CA = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n"
LEAF = ("basicConstraints=CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth\n"
        "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\nsubjectAltName=DNS:dump.example.com,IP:10.0.0.5\n")


def openssl(*args, data=None):
    done = subprocess.run(["openssl", *args], input=data, capture_output=True)
    if done.returncode:
        sys.exit(f"openssl {' '.join(args)}: {done.stderr.decode()}")
    return done.stdout


def key(kind, cache={}):
    if kind not in cache:
        cache[kind] = f"key-{kind}.pem"
        with open(cache[kind], "wb") as f:
            f.write(openssl(*KEYS[kind]))
    return cache[kind]


def fresh_key(name, kind):
    path = f"{name}.key"
    with open(path, "wb") as f:
        f.write(openssl(*KEYS[kind]))
    return path


class Cert:
    made = 0

    def __init__(self, cn, issuer=None, ext=CA, kind="ec", days=3650, sign=("-sha256",)):
        Cert.made += 1
        self.name = f"c{Cert.made}"
        self.key = fresh_key(self.name, kind) if ext and ext.startswith(CA[:30]) else key(kind)
        self.path = f"{self.name}.pem"
        request = openssl("req", "-new", "-key", self.key, "-subj", cn if cn.startswith("/") else f"/CN={cn}")
        args = ["x509", "-req", "-days", str(days), "-set_serial", str(1000 + Cert.made), *sign]
        if ext:
            with open(f"{self.name}.ext", "w") as f:
                f.write(ext)
            args += ["-extfile", f"{self.name}.ext"]
        args += ["-CA", issuer.path, "-CAkey", issuer.key] if issuer else ["-signkey", self.key]
        self.pem = openssl(*args, data=request)
        with open(self.path, "wb") as f:
            f.write(self.pem)


def without(text, *starts):
    return "".join(line + "\n" for line in text.splitlines() if not line.startswith(starts))


def change(text, name, line):
    return without(text, name) + line + "\n"


def cases():
    root = Cert("root")
    mid = Cert("mid", root)
    low = Cert("low", mid)
    leaf = Cert("leaf", mid)  # replaced below: a CA as leaf
    good = Cert("server", mid, LEAF)
    direct = Cert("server", root, LEAF)
    host = "dump.example.com"
    T, N = "trusted", None

    def case(why, ca, sent, want, h=host, at=NOW, theirs=True):
        return why, ca, sent, h, at, want, theirs

    def with_leaf(why, ext, want, h=host, kind="ec", theirs=True, issuer=root, sign=("-sha256",)):
        return case(why, [root], [Cert("server", issuer, ext, kind, sign=sign)], want, h, theirs=theirs)

    yield case("one below the root", [root], [direct], T)
    yield case("two below", [root], [good, mid], T)
    yield case("the root is sent too", [root], [good, mid, root], T)
    yield case("the others in another order", [root], [Cert("server", low, LEAF), mid, low], T)
    yield case("certificates that nobody needs", [root], [good, low, leaf, mid], T)
    yield case("the issuer is missing", [root], [good], "to which no certificate of the CA file")
    yield case("an intermediate as anchor", [mid], [good], T, theirs="openssl wants a root")
    yield case("another root", [Cert("other")], [direct], "to which no certificate of the CA file")
    yield case("a root of the same name with another key", [Cert("root")], [direct], "is not its own")
    yield case("two roots of one name", [Cert("root"), root], [direct], T, theirs="openssl tries one of them")
    cross = Cert("cross root")
    c2 = Cert("mid", cross)
    yield case("crossed: another way first", [root], [good, c2, mid], T, theirs="the keys differ, openssl tries one")
    yield case("an address", [root], [direct], T, "10.0.0.5")
    yield case("another address", [root], [direct], "is not for 10.0.0.6 but for", "10.0.0.6")
    yield case("another name", [root], [direct], "is not for www.example.com but for dump.example.com, 10.0.0.5",
               "www.example.com")
    yield case("a name in other letters", [root], [direct], T, "DUMP.example.COM")
    yield with_leaf("IPv6", change(LEAF, "subjectAlt", "subjectAltName=IP:2001:db8::1"), T, "2001:db8::1")
    star = change(LEAF, "subjectAlt", "subjectAltName=DNS:*.example.com")
    yield with_leaf("a wildcard", star, T)
    yield with_leaf("a wildcard is one label", star, "is not for", "a.b.example.com")
    yield with_leaf("a wildcard is not none", star, "is not for", "example.com")
    yield with_leaf("a wildcard of a top level", change(LEAF, "subjectAlt", "subjectAltName=DNS:*.com"), "is not for",
                    "example.com")
    yield with_leaf("a wildcard in a label", change(LEAF, "subjectAlt", "subjectAltName=DNS:du*.example.com"),
                    "is not for", theirs="openssl takes it")
    yield with_leaf("an address as a DNS name", change(LEAF, "subjectAlt", "subjectAltName=DNS:10.0.0.5"),
                    "is not for", "10.0.0.5")
    yield case("the name stands in CN only", [root],
               [Cert(host, root, without(LEAF, "subjectAlt"))], "has no subjectAltName", theirs="openssl takes CN")
    yield case("expired", [root], [Cert("server", root, LEAF, days=10)], "has expired at", at=NOW + 20 * DAY)
    yield case("not valid yet", [root], [direct], "is not valid before", at=NOW - 20 * DAY)
    old = Cert("old root", days=10)
    yield case("an expired root", [old], [Cert("server", old, LEAF)], "\"old root\" has expired", at=NOW + 20 * DAY)
    yield with_leaf("for clients only", change(LEAF, "extended", "extendedKeyUsage=clientAuth"), "is not for servers")
    yield with_leaf("critical and for servers", change(LEAF, "extended", "extendedKeyUsage=critical,serverAuth"), T)
    yield with_leaf("for anything", change(LEAF, "extended", "extendedKeyUsage=anyExtendedKeyUsage"),
                    "is not for servers")
    yield with_leaf("no extended key usage: no limits", without(LEAF, "extended"), T)
    yield with_leaf("may not sign", change(LEAF, "keyUsage", "keyUsage=critical,keyEncipherment"), "may not sign",
                    theirs="openssl allows RSA key exchange")
    yield with_leaf("no key usage: no limits", without(LEAF, "keyUsage"), T)
    yield with_leaf("a CA as server", change(LEAF, "basic", "basicConstraints=critical,CA:TRUE"),
                    "certificate of a CA as its own", theirs="openssl takes it")
    yield with_leaf("an unknown critical extension", LEAF + "1.2.3.4=critical,ASN1:NULL\n",
                    "critical extension that this build does not know")
    yield with_leaf("an unknown extension", LEAF + "1.2.3.4=ASN1:NULL\n", T)
    yield with_leaf("RSA with 1024 bits", LEAF, "less than 2048 bits", kind="rsa1024",
                    theirs="only from security level 2 on")
    yield with_leaf("RSA", LEAF, T, kind="rsa")
    yield with_leaf("P-384", LEAF, T, kind="p384")
    yield with_leaf("another curve", LEAF, "other than P-256, P-384 and P-521", kind="k256", theirs="openssl has it")
    yield with_leaf("Ed25519", LEAF, "a kind other than RSA and EC", kind="ed", theirs="openssl has it")
    yield with_leaf("SHA-1", LEAF, "signed with SHA-1", sign=("-sha1",), theirs="the security level decides")
    rsa = Cert("rsa root", kind="rsa")
    for h in ("256", "384", "512"):
        yield case(f"RSA and SHA-{h}", [rsa], [Cert("server", rsa, LEAF, sign=(f"-sha{h}",))], T)
        yield with_leaf(f"ECDSA and SHA-{h}", LEAF, T, sign=(f"-sha{h}",))
    yield case("RSA-PSS", [rsa], [Cert("server", rsa, LEAF, sign=("-sha256", "-sigopt", "rsa_padding_mode:pss"))],
               "signed with RSA-PSS", theirs="openssl has it")
    yield with_leaf("version 1", None, "it is not X.509 version 3")
    v1 = Cert("v1 root", ext=None)
    yield case("a root of version 1", [v1], [Cert("server", v1, without(LEAF, "authority"))], "version 3")
    no_ca = Cert("no ca", root, without(LEAF, "extended"))
    yield case("the issuer is no CA", [root], [Cert("server", no_ca, LEAF), no_ca], "is no CA")
    no_sign = Cert("no sign", root, change(CA, "keyUsage", "keyUsage=critical,cRLSign"))
    yield case("the issuer may not sign", [root], [Cert("server", no_sign, LEAF), no_sign],
               "may not sign certificates")
    client_ca = Cert("client ca", root, CA + "extendedKeyUsage=clientAuth\n")
    yield case("an issuer of clients", [root], [Cert("server", client_ca, LEAF), client_ca],
               "may not issue certificates of servers")
    zero = Cert("zero", root, change(CA, "basic", "basicConstraints=critical,CA:TRUE,pathlen:0"))
    under = Cert("under", zero)
    yield case("path length 0, one below", [root], [Cert("server", zero, LEAF), zero], T)
    yield case("path length 0, two below", [root], [Cert("server", under, LEAF), under, zero],
               "may not have so many CAs below it")
    self_signed = Cert("server", None, change(LEAF, "authority", "authorityKeyIdentifier=none"))
    yield case("signed by itself", [root], [self_signed], "is signed by itself and not in the CA file")
    yield case("signed by itself and trusted", [self_signed], [self_signed], T)
    plain = Cert("server", None, "basicConstraints=critical,CA:TRUE\nsubjectKeyIdentifier=hash\n"
                 "subjectAltName=DNS:dump.example.com\n")
    yield case("as `openssl req -x509` makes it", [plain], [plain], T, theirs="-x509_strict wants more of a CA")
    yield case("that, for another name", [plain], [plain], "is not for", "other.example.com")

    def constrained(why, line, want, h=host, leaf_ext=LEAF, subject="server", theirs=True):
        ca = Cert("nc", root, CA + f"nameConstraints={line}\n")
        return case(why, [root], [Cert(subject, ca, leaf_ext), ca], want, h, theirs=theirs)

    both = "permitted;DNS:example.com,permitted;IP:10.0.0.0/255.0.0.0"
    for crit in ("critical,", ""):
        yield constrained(f"constraints {crit}that hold", crit + both, T)
        yield constrained(f"constraints {crit}of another domain", crit + "permitted;DNS:example.org", "do not allow")
        yield constrained(f"constraints {crit}that exclude", crit + "excluded;DNS:dump.example.com", "do not allow")
        yield constrained(f"constraints {crit}of addresses", crit + "permitted;IP:192.168.0.0/255.255.0.0",
                          "do not allow")
    yield constrained("constraints by another form", "critical,permitted;email:example.com", T)
    yield constrained("half a label is no domain", "critical,permitted;DNS:ple.com", "do not allow")
    wide = change(LEAF, "subjectAlt", "subjectAltName=DNS:*.example.com")
    yield constrained("a wildcard around what is excluded", "critical,excluded;DNS:dump.example.com", "do not allow",
                      leaf_ext=wide, theirs="openssl compares with the wildcard only")
    dir_nc = "critical,permitted;dirName:dn\n[dn]\nO=Us"
    yield constrained("a directory name within", dir_nc, T, subject="/O=Us/CN=server")
    yield constrained("a directory name outside", dir_nc, "do not allow", subject="/O=Them/CN=server")
    below = change(LEAF, "subjectAlt", "subjectAltName=DNS:example.com")
    yield constrained("a domain with a dot: what is below", "critical,permitted;DNS:.example.com", T)
    yield constrained("a domain with a dot: not itself", "critical,permitted;DNS:.example.com", "do not allow",
                      "example.com", below)
    for what, der in (("excluded domain is a wildcard", b"\xa1\x11\x30\x0f\x82\x0d*.example.com"),
                      ("excluded domain ends in a dot", b"\xa1\x10\x30\x0e\x82\x0cexample.com."),
                      ("excluded domain has a NUL", b"\xa1\x10\x30\x0e\x82\x0cexample.com\0")):
        yield constrained(what, "critical,DER:30%02x%s" % (len(der), der.hex()), "cannot be judged",
                          theirs="openssl compares it as it is")
    for what, der in (("no name is permitted", "3002a000"), ("no name is excluded", "3002a100")):
        yield constrained(what, "critical,DER:" + der, "to which no certificate", theirs="openssl takes it for no limit")
    cut_san = b"\x82\x10dump.example.com\x82\x7fx"
    yield with_leaf("a name that is cut, behind a good one",
                    change(LEAF, "subjectAlt", "subjectAltName=DER:30%02x%s" % (len(cut_san), cut_san.hex())),
                    "extension 2.5.29.17")
    yield with_leaf("no CA, written out", change(LEAF, "basic", "basicConstraints=DER:3003010100"), T)
    yield with_leaf("a CA by a truth of its own", change(LEAF, "basic", "basicConstraints=DER:3003010101"),
                    "extension 2.5.29.19", theirs="openssl takes it")
    many = "".join(f"1.2.3.{i}=ASN1:NULL\n" for i in range(64))
    yield with_leaf("64 extensions too many", LEAF + many, "more than 64 extensions", theirs="openssl compares all")
    top = Cert("nc root", None, CA + "nameConstraints=permitted;DNS:example.org\n")
    yield case("constraints of a root", [top], [Cert("server", top, LEAF)], "do not allow")


def pem(path, certs):
    with open(path, "wb") as f:
        for c in certs:
            f.write(c.pem)


def theirs_is(ca, sent, host, at):
    pem("untrusted.pem", sent[1:] or sent)
    pem("leaf.pem", sent[:1])
    what = "-verify_ip" if host.replace(".", "").isdigit() or ":" in host else "-verify_hostname"
    done = subprocess.run(["openssl", "verify", "-x509_strict", "-purpose", "sslserver", what, host, "-attime", str(at),
                           "-no-CApath", "-CAfile", "ca.pem", "-untrusted", "untrusted.pem", "leaf.pem"],
                          capture_output=True, text=True)
    return done.returncode == 0, done.stderr


def main():
    bad = n = compared = 0
    for why, ca, sent, host, at, want, theirs in cases():
        n += 1
        pem("ca.pem", ca)
        pem("chain.pem", sent)
        done = subprocess.run([TOOL, "chain", "ca.pem", "chain.pem", host, str(at)], capture_output=True, text=True)
        said = done.stdout.strip() + done.stderr
        good = said == "trusted" if want == "trusted" else want in said and said.startswith("E")
        if not good:
            bad += 1
            print(f"{why}: wanted {want!r}, got {said!r}")
        if theirs is True:
            compared += 1
            ok, err = theirs_is(ca, sent, host, at)
            if ok != (want == "trusted"):
                bad += 1
                print(f"{why}: we want {want!r}, openssl says {'trusted' if ok else err!r}")
    print(f"{n} chains, {compared} of them judged by openssl too, {bad} wrong")
    return bad or n < 70


with tempfile.TemporaryDirectory() as tmp:
    os.chdir(tmp)
    sys.exit(1 if main() else 0)
