use crate::Error;
pub(crate) fn diagnose(_query: &str, message: String) -> Error {
    Error::Parse {
        message,
        position: None,
    }
}
