//! API Gateway proxy events, in and out of any tower Service, on the Lambda runtime.
