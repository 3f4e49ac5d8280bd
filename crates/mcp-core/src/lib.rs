//! The server side of the Model Context Protocol, every revision, without I/O.
