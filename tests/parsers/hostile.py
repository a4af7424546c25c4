"""Random hostile log text: everything that has ever broken the framing of an event stream."""

PIECES = [
    b"\r", b"\n", b"\r\n", b"\n\r", b"\r\r\n", b"\0", b"\xef\xbb\xbf", b":", b" ", b"  ", b"\t",
    b"data: x", b"data:", b"data", b"id: 7", b"id:", b"event: end", b"retry: 1", b": comment",
    b"\n\n", b"\r\r", b"\r\n\r\n", b"\ndata: injected\n\n", b"\revent: end\rdata: {}\r\r",
    b"\nid: evil\n", "\u2028".encode(), "\u2029".encode(), "\x85".encode(), b"\x0b", b"\x0c",
    b"\x1c", b"\x1d", b"\x1e", b"\x1b[31m", b"\x7f", b"\x85", "é".encode(), "日本語".encode(),
    "\U0001f642".encode(), "\ufffd".encode(), "\ufffe".encode(), "\U0010ffff".encode(),
    b"\xff", b"\xfe", b"\xc3", b"\xe2\x82", b"\xf0\x9f\x98", b"\xc0\x80", b"\xed\xa0\x80",
    b"\xed\xbf\xbf", b"\xf4\x90\x80\x80", b"\xf8\x88\x80\x80\x80", b"\x80", b"\xbf\xbf",
    b"[DONE]", b"[NONE]", b"{\"a\":1}", b"\\n", b"\\u0000", b"</script>", b"0\r\n\r\n", b"a",
    b"word",
]

# Every piece alone, and what needs a certain place.
FIXED = [b"", b" ", b"\xef\xbb\xbf\xef\xbb\xbfdata: x", b"x" * 100_000, b"\xe2" * 5000,
         b"\r" * 300, b"\n" * 300, b":" * 300, b" " * 300, *PIECES]


def random_text(rng):
    text = b"".join(rng.choice(PIECES) for _ in range(rng.randrange(0, 12)))
    if rng.random() < 0.02:
        text += rng.choice(PIECES) * rng.randrange(1000, 30_000)
    if rng.random() < 0.1:
        text += rng.randbytes(rng.randrange(1, 60))
    return text


def hostile_texts(rng, count):
    texts = FIXED + [random_text(rng) for _ in range(count)]
    rng.shuffle(texts)
    return texts


def is_text_line(text):
    """Whether a text/plain body can carry it: LF and a CR before the line's end would be eaten."""
    return b"\n" not in text and not text.endswith(b"\r")


def is_utf8(text):
    try:
        text.decode("utf-8")
        return True
    except UnicodeDecodeError:
        return False
