#!/usr/bin/env python3
"""ssh_packets - what OpenSSL makes of SSH packets: the known answers of tests/data/ssh_packets.txt."""
# SPDX-License-Identifier: MIT
import hashlib
import hmac
import struct

from cryptography.hazmat.primitives import poly1305
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM


def chacha(key, seq, block, data):
    nonce = struct.pack("<Q", block) + struct.pack(">Q", seq)
    return Cipher(algorithms.ChaCha20(key, nonce), None).encryptor().update(data)


def seal(name, mac, key, iv, mackey, seq, n, payload, pad):
    """Packet n, counted from 0, of a direction with these keys."""
    etm = mac.endswith("-etm@openssh.com")
    block = 8 if "chacha" in name else 16
    front = 5 if "ctr" in name and not etm else 1
    padlen = block - (front + len(payload)) % block
    padlen += block if padlen < 4 else 0
    body = bytes([padlen]) + payload + pad[:padlen]
    head = struct.pack(">I", len(body))
    if "chacha" in name:
        wire = chacha(key[32:64], seq, 0, head) + chacha(key[:32], seq, 1, body)
        return wire + poly1305.Poly1305.generate_tag(chacha(key[:32], seq, 0, bytes(32)), wire)
    if "gcm" in name:
        count = (struct.unpack(">Q", iv[4:12])[0] + n) % 2**64
        return head + AESGCM(key).encrypt(iv[:4] + struct.pack(">Q", count), body, head)
    if n == 0:
        seal.ctr = Cipher(algorithms.AES(key), modes.CTR(iv)).encryptor()
    digest = hashlib.sha256 if "256" in mac else hashlib.sha512
    number = struct.pack(">I", seq)
    if etm:
        wire = head + seal.ctr.update(body)
        return wire + hmac.new(mackey, number + wire, digest).digest()
    return seal.ctr.update(head + body) + hmac.new(mackey, number + head + body, digest).digest()


def some(n, start):
    return bytes((start + 7 * i) % 256 for i in range(n))


def main():
    print("# CIPHER MAC KEY IV MACKEY SEQ PADDING PAYLOAD PACKET PACKET, or ecdh CURVE SECRET POINT SHARED")
    macs = ["hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com", "hmac-sha2-256", "hmac-sha2-512"]
    for name, keylen, ivlen in (("aes128-gcm@openssh.com", 16, 12), ("aes256-gcm@openssh.com", 32, 12),
                                ("chacha20-poly1305@openssh.com", 64, 0), ("aes128-ctr", 16, 16),
                                ("aes256-ctr", 32, 16)):
        for mac in macs if "ctr" in name else ["-"]:
            for size in (1, 41, 200) if "ctr" in name else (1, 41, 200, 700):
                key, payload, pad = some(keylen, 3), some(size, 5), some(20, 11)
                iv = b"\xff" * ivlen    # the counters wrap
                mackey = some(32 if "256" in mac else 64, 17)
                seq = 0xfffffffe
                packets = [seal(name, mac, key, iv, mackey, seq + n, n, payload, pad).hex() for n in (0, 1)]
                print(name, mac, key.hex(), iv.hex() or "-", mackey.hex(), seq, pad.hex(), payload.hex(), *packets)
    for bits, curve, size in ((256, ec.SECP256R1(), 32), (384, ec.SECP384R1(), 48), (521, ec.SECP521R1(), 66)):
        secret = int.from_bytes(b"\x01" + some(size - 1, 29), "big")
        peer = ec.derive_private_key(int.from_bytes(some(size - 2, 31), "big"), curve).public_key()
        shared = ec.derive_private_key(secret, curve).exchange(ec.ECDH(), peer)
        n = peer.public_numbers()
        point = b"\x04" + n.x.to_bytes(size, "big") + n.y.to_bytes(size, "big")
        print("ecdh", bits, secret.to_bytes(size, "big").hex(), point.hex(), shared.hex())


main()
