import contextlib
import struct
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nnInteractive.inference.remote.serialization import pack_array, unpack_array

from voxclick import wire
from voxclick.errors import InputError, TooLargeError

ROOM = 1 << 20
ARRAYS = {
    "an image": np.random.default_rng(0).normal(size=(1, 9, 8, 7)).astype(np.float32),
    "a mask": np.random.default_rng(1).random((11, 5, 3)) > 0.5,
    "one voxel": np.array([[[7]]], dtype=np.int16),
    "no voxel": np.zeros((4, 0, 3), dtype=np.uint8),
    "no axis": np.array(3.5),
    "turned": np.arange(24, dtype=np.uint16).reshape(2, 3, 4).T,
    "big endian": np.arange(6, dtype=">i4").reshape(1, 2, 3),
    "zeros no multiple of eight bytes": np.zeros((707, 1001), dtype=np.uint8),
    "zeros of eight bytes": np.zeros((13, 7, 5), dtype=np.float64),
}


def head(shape, name=b"uint8", codec=1, version=1, magic=b"NNIA", chunks=()):
    """The bytes of a packed array that says whatever a test wants."""
    start = struct.pack("<4sBBBB", magic, version, codec, len(shape), len(name)) + name
    body = b"".join(struct.pack("<QQ", size, len(frame)) + frame for size, frame in chunks)
    return start + struct.pack(f"<{len(shape)}q", *shape) + struct.pack("<I", len(chunks)) + body


@pytest.mark.parametrize("array", ARRAYS.values(), ids=ARRAYS)
def test_what_is_packed_comes_out_again(array):
    unpacked = wire.decode(wire.encode(array), ROOM)
    assert unpacked.dtype == array.dtype.newbyteorder("=")
    np.testing.assert_array_equal(unpacked, array)


@pytest.mark.parametrize("array", ARRAYS.values(), ids=ARRAYS)
def test_the_published_client_reads_what_is_packed_here(array):
    np.testing.assert_array_equal(unpack_array(wire.encode(array)), array)


@pytest.mark.parametrize("array", [a for a in ARRAYS.values() if a.size], ids=lambda a: a.shape)
def test_what_the_published_client_packs_is_read_here(array):
    np.testing.assert_array_equal(wire.decode(pack_array(array), ROOM), array)


@pytest.mark.parametrize("name", sorted(wire.TYPES))
def test_every_type_that_travels_keeps_its_type(name):
    array = np.ones((3, 2), dtype=name)
    assert wire.decode(wire.encode(array), ROOM).dtype == np.dtype(name)


def test_an_array_of_several_chunks_is_one_again():
    array = np.random.default_rng(2).integers(0, 4, (40, 30, 20)).astype(np.int32)
    packed = wire.encode(array, chunk_bytes=1 << 12)
    assert len(wire.read_head(memoryview(packed), ROOM).chunks) == -(-array.nbytes // (1 << 12))
    np.testing.assert_array_equal(wire.decode(packed, ROOM), array)
    np.testing.assert_array_equal(unpack_array(packed), array)


def test_a_mask_of_zeros_is_packed_small():
    assert len(wire.encode(np.zeros((200, 200, 100), dtype=np.uint8))) < 1000


def test_an_array_as_large_as_allowed_is_read_and_one_byte_more_is_not():
    packed = wire.encode(np.zeros(1000, dtype=np.uint8))
    assert wire.decode(packed, 1000).nbytes == 1000
    with pytest.raises(TooLargeError, match="at most 999 bytes"):
        wire.decode(packed, 999)


@pytest.mark.parametrize(
    "shape", [(1 << 62, 1 << 62), (1 << 40,), (1 << 32, 1 << 32, 1 << 32, 1 << 32), (1 << 62, 0)]
)
def test_a_declared_size_is_refused_before_anything_is_allocated(shape):
    with pytest.raises(TooLargeError):
        wire.decode(head(shape), ROOM)


@pytest.mark.parametrize(
    "name", [b"object", b"O", b"|O8", b"datetime64", b"complex64", b"<U9", b""]
)
def test_a_type_that_does_not_travel_is_refused(name):
    with pytest.raises(InputError, match="a type of"):
        wire.decode(head((1,), name), ROOM)
    with pytest.raises(InputError, match="a type of"):
        wire.encode(np.array([None]))


FRAME = wire.encode(np.arange(64, dtype=np.uint8))[wire._START.size + 5 + 8 + 4 + 16 :]


@pytest.mark.parametrize(
    ("packed", "told"),
    [
        (b"", "cut off"),
        (b"NNIA", "cut off"),
        (b"<html>not found</html>", "must begin with"),
        (head((1,), version=2), "version"),
        (head((1,), codec=9), "codec"),
        (head((1,) * 9), "axes"),
        (head((-4, 2)), "axes of 0 or more"),
        (head((64,)), "must fill"),
        (head((64,), chunks=[(64, FRAME), (64, FRAME)]), "must fill"),
        (head((32,), chunks=[(64, FRAME)]), "must fill"),
        (head((0,), chunks=[(0, FRAME)]), "must fill"),
        (head((64,), b"uint16", chunks=[(63, FRAME), (65, FRAME)]), "whole elements"),
        (head((32,), chunks=[(32, FRAME)]), "must hold"),
        (head((64,), chunks=[(64, FRAME + b"more")]), "must hold"),
        (head((64,), chunks=[(64, FRAME)])[:-1], "declares"),
        (head((64,), chunks=[(64, b"short")]), "declares"),
        (head((64,), chunks=[(64, bytes(32))]), "must hold"),
        (head((64,), chunks=[(64, FRAME)])[:-40], "declares"),
    ],
)
def test_broken_bytes_are_refused_in_words(packed, told):
    with pytest.raises(InputError, match=told):
        wire.decode(packed, ROOM)


@given(st.binary(max_size=200))
def test_no_bytes_do_more_than_be_refused(junk):
    for packed in (junk, b"NNIA\x01\x01" + junk, head((64,), chunks=[(64, FRAME + junk)])):
        with pytest.raises(InputError):
            wire.decode(packed if packed != head((64,), chunks=[(64, FRAME)]) else b"", ROOM)


@given(st.integers(0, 7), st.integers(0, 150))
def test_a_flipped_bit_is_refused_or_gives_an_array_of_the_declared_size(bit, place):
    array = np.random.default_rng(3).integers(0, 3, 200).astype(np.uint8)
    packed = bytearray(wire.encode(array))
    packed[place % len(packed)] ^= 1 << bit
    with contextlib.suppress(InputError):
        assert wire.decode(packed, ROOM).nbytes <= ROOM


def test_importing_it_loads_neither_torch_nor_the_codec():
    code = "import sys, voxclick.wire; print({'torch', 'blosc2'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
