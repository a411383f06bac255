//! Tests of alert documents.
