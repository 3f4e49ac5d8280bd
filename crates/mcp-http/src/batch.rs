//! Batches, which 2025-03-26 alone has: several messages in, one array of replies out.

use futures_util::future::join_all;
use mcp_core::jsonrpc::{Incoming, Malformed, Request};
use mcp_core::{ErrorObject, ProtocolVersion, Server, jsonrpc};

use crate::call::Outcome;
use crate::headers::Target;

/// Whether anything in the batch wants a reply.
pub(crate) fn wants_replies(members: &[Result<Incoming, Malformed>]) -> bool {
    members.iter().any(|member| matches!(member, Err(_) | Ok(Incoming::Request(_))))
}

/// What `member` needs; what names no method needs as much as any other message.
pub(crate) fn required_scopes<'s>(
    server: &'s Server,
    member: &Result<Incoming, Malformed>,
) -> impl Iterator<Item = &'s str> + use<'s> {
    let (method, tool) = match member {
        Ok(Incoming::Request(request)) => {
            let target = Target::of(request).ok();
            (&*request.method, target.and_then(|target| target.into_tool(request)))
        }
        Ok(Incoming::Notification(notification)) => (&*notification.method, None),
        Ok(Incoming::Response) | Err(_) => ("", None),
    };
    server.required_scopes(method, tool.as_deref())
}

/// One array of the replies to what is to be replied to, in the order it came; `answer` runs for
/// all of them at once.
pub(crate) async fn answer<F>(
    members: Vec<Result<Incoming, Malformed>>,
    version: ProtocolVersion,
    answer: impl Fn(Request) -> F,
) -> Outcome
where
    F: Future<Output = Outcome>,
{
    let id_required = version.features().error_id_required;
    let replies = members.into_iter().filter_map(|member| match member {
        Ok(Incoming::Notification(_) | Incoming::Response) => None,
        Ok(Incoming::Request(request)) => Some(Ok(request)),
        Err(fault) => Some(Err(fault)),
    });
    let replies = replies.map(async |member| match member {
        Ok(request) if request.method == "initialize" => {
            let error = ErrorObject::invalid_request("initialize must not be part of a batch");
            jsonrpc::failure(Some(&request.id), &error, id_required)
        }
        Ok(request) => answer(request).await.frame,
        Err(Malformed { id, error }) => jsonrpc::failure(id.as_ref(), &error, id_required),
    });
    let replies = join_all(replies).await;
    Outcome { frame: [b"[", &*replies.join(&b','), b"]"].concat(), version, error: None }
}
