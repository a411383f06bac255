//! Hands a call's payload over as the bytes that came.
//!
//! The runtime would check all of it as JSON and copy it before the function is called. The function reads it itself,
//! and has to decide itself on one that is no JSON at all.

use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use lambda_runtime::tower::Layer;
use lambda_runtime::{Error, LambdaInvocation, Service};

/// What the runtime reads in place of a payload.
const NOTHING: &[u8] = b"null";

/// Where the payload of a call lies until the function takes it.
#[derive(Clone, Debug, Default)]
pub struct Payload(Arc<Mutex<Bytes>>);

impl Payload {
    /// Takes the payload; there is nothing left of it afterwards.
    pub fn take(&self) -> Bytes {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn put(&self, payload: Bytes) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = payload;
    }
}

impl<S> Layer<S> for Payload {
    type Service = Aside<S>;

    fn layer(&self, inner: S) -> Aside<S> {
        Aside {
            inner,
            payload: self.clone(),
        }
    }
}

/// Puts each payload aside before the runtime looks at it.
#[derive(Clone, Debug)]
pub struct Aside<S> {
    inner: S,
    payload: Payload,
}

impl<S> Service<LambdaInvocation> for Aside<S>
where
    S: Service<LambdaInvocation, Response = (), Error = Error>,
{
    type Response = ();
    type Error = Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut invocation: LambdaInvocation) -> S::Future {
        let payload = std::mem::replace(&mut invocation.body, Bytes::from_static(NOTHING));
        self.payload.put(payload);
        self.inner.call(invocation)
    }
}
