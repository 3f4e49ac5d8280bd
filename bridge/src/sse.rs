//! Server-Sent Events, as far as MCP uses them.
//! See <https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream>.

use std::time::Duration;

/// An event with data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) data: String,
}

/// What was read of a stream so far.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    buffer: Vec<u8>,
    /// How much of the buffer has no end of a line in it.
    searched: usize,
    data: Option<String>,
    /// The id of the last event, to go on after it.
    pub(crate) last_id: Option<String>,
    /// How long to wait before going on.
    pub(crate) retry: Option<Duration>,
}

/// One event is bigger than is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an event is bigger than {} MB", MOST >> 20)]
pub(crate) struct TooLarge;

/// The most bytes of one event.
const MOST: usize = 64 << 20;

impl Reader {
    /// The events that are whole with these bytes.
    pub(crate) fn read(&mut self, bytes: &[u8]) -> Result<Vec<Event>, TooLarge> {
        self.buffer.extend_from_slice(bytes);
        let mut events = Vec::new();
        let mut begin = 0;
        while let Some(at) =
            self.buffer[self.searched.max(begin)..].iter().position(|b| *b == b'\n')
        {
            let end = self.searched.max(begin) + at;
            let line =
                self.buffer[begin..end].strip_suffix(b"\r").unwrap_or(&self.buffer[begin..end]);
            let line = String::from_utf8_lossy(line).into_owned();
            begin = end + 1;
            self.searched = begin;
            if line.is_empty() {
                events.extend(self.data.take().map(|data| Event { data }));
            } else {
                self.field(&line);
            }
        }
        self.buffer.drain(..begin);
        self.searched = self.buffer.len();
        let held = self.buffer.len() + self.data.as_ref().map_or(0, String::len);
        if held > MOST { Err(TooLarge) } else { Ok(events) }
    }

    fn field(&mut self, line: &str) {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            "data" => match &mut self.data {
                Some(data) => {
                    data.push('\n');
                    data.push_str(value);
                }
                None => self.data = Some(value.to_owned()),
            },
            "id" if !value.contains('\0') => self.last_id = Some(value.to_owned()),
            "retry" => self.retry = value.parse().ok().map(Duration::from_millis).or(self.retry),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_read_however_they_are_cut() {
        let text = ": hello\r\n\r\nid: 1\nretry: 500\ndata:\n\nevent: message\ndata: {\"a\":\ndata: 1}\r\n\r\ndata: two\n\nid: 2\ndata: cut";
        for size in 1..text.len() {
            let mut reader = Reader::default();
            let mut data = Vec::new();
            for piece in text.as_bytes().chunks(size) {
                data.extend(reader.read(piece).unwrap().into_iter().map(|event| event.data));
            }
            assert_eq!(data, ["", "{\"a\":\n1}", "two"], "{size}");
            assert_eq!(reader.last_id.as_deref(), Some("2"));
            assert_eq!(reader.retry, Some(Duration::from_millis(500)));
        }
    }
}
