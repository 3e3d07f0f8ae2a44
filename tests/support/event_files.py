"""Event files as TensorBoard lays them out, record by record, so that a test can tear and damage them."""

import struct

from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import masked_crc32c


def frame(data):
    length = struct.pack("<Q", len(data))
    return length + struct.pack("<I", masked_crc32c(length)) + data + struct.pack("<I", masked_crc32c(data))


def scalar(tag, step, value, time=1000.0):
    event = Event(wall_time=time, step=step)
    event.summary.value.add(tag=tag, simple_value=value)
    return frame(event.SerializeToString())


def tensor(tag, step, value, time=1000.0):
    """As TensorFlow 2 writes a scalar."""
    event = Event(wall_time=time, step=step)
    added = event.summary.value.add(tag=tag)
    added.metadata.plugin_data.plugin_name = "scalars"
    added.tensor.dtype = 1
    added.tensor.tensor_shape.SetInParent()
    added.tensor.tensor_content = struct.pack("<f", value)
    return frame(event.SerializeToString())


def text(tag, step, content):
    event = Event(wall_time=1000.0, step=step)
    added = event.summary.value.add(tag=tag)
    added.metadata.plugin_data.plugin_name = "text"
    added.tensor.dtype = 7
    added.tensor.string_val.append(content)
    return frame(event.SerializeToString())


def session_start(step):
    log = SessionLog(status=SessionLog.START)
    return frame(Event(wall_time=1000.0, step=step, session_log=log).SerializeToString())
