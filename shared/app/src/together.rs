//! Several things at once, but not all at once.

use std::future::Future;

use futures::future::join_all;

/// Most calls in flight at a time.
const WIDTH: usize = 16;

/// Runs futures in order, a few at a time, and answers in their order.
pub(crate) async fn all<F: Future>(futures: Vec<F>) -> Vec<F::Output> {
    let mut outputs = Vec::with_capacity(futures.len());
    let mut rest = futures.into_iter();
    loop {
        let some: Vec<F> = rest.by_ref().take(WIDTH).collect();
        if some.is_empty() {
            return outputs;
        }
        outputs.extend(join_all(some).await);
    }
}

/// The same; the first failure in their order is the answer, once all have run.
pub(crate) async fn try_all<F, T, E>(futures: Vec<F>) -> Result<Vec<T>, E>
where
    F: Future<Output = Result<T, E>>,
{
    all(futures).await.into_iter().collect()
}
