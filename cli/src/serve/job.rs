//! Work that takes longer than a network thread may be held up.

use std::sync::Arc;

use super::Explorer;
use super::message::Message;

/// Runs work on another thread. A panic in it is a mistake of the program that ends this request alone.
pub(super) async fn run<T: Send + 'static>(
    explorer: &Arc<Explorer>,
    work: impl FnOnce(&Arc<Explorer>) -> Result<T, Message> + Send + 'static,
) -> Result<T, Message> {
    let explorer = Arc::clone(explorer);
    tokio::task::spawn_blocking(move || work(&explorer))
        .await
        .unwrap_or_else(|_| Err(Message::bug()))
}
