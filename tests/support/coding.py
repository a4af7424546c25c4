"""Content codings of answers, decoded as they come by decoders that are not ours."""

import zlib

try:
    import zstandard  # scripts/deps puts it into build/venv
except ImportError:
    zstandard = None

CODINGS = ("gzip", "zstd") if zstandard else ("gzip",)


class CodingError(Exception):
    """The bytes are not in the coding that the answer names, or end inside of it."""


class Identity:
    def feed(self, data):
        return bytes(data)

    def end(self):
        pass


class Gzip:
    """One member, as browsers take it: whatever comes behind it is an error."""

    def __init__(self):
        self.decoder = zlib.decompressobj(31)

    def feed(self, data):
        """All that can be told from the bytes so far."""
        try:
            plain = self.decoder.decompress(data)
        except zlib.error as error:
            raise CodingError(f"gzip: {error}") from error
        if self.decoder.unused_data:
            raise CodingError("bytes behind the gzip member")
        return plain

    def end(self):
        if not self.decoder.eof:  # that its sum is right, too
            raise CodingError("the gzip member has no end")


class Zstd:
    def __init__(self):
        self.decoder = zstandard.ZstdDecompressor().decompressobj(read_across_frames=True)
        self.empty = True

    def feed(self, data):
        self.empty = self.empty and not data
        try:
            return self.decoder.decompress(data)
        except zstandard.ZstdError as error:
            raise CodingError(f"zstd: {error}") from error

    def end(self):
        if self.empty:
            raise CodingError("no zstd frame")


def decoder_for(response):
    coding = response.header("Content-Encoding")
    return {None: Identity, "gzip": Gzip, "zstd": Zstd}[coding]()
