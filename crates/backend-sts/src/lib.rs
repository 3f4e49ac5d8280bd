//! Temporary credentials of one role, a session for each tenant (STS `AssumeRole`).
