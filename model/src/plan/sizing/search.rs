//! The smallest whole number that will do.

/// The smallest number from `first` to `last` at which `holds`, looked for around `guess`: with
/// steps that double until there is one that holds above one that does not, then by halving. Where
/// `holds` changes once, as it does but for noise, the number below the one returned does not hold.
/// None if not even `last` holds.
///
/// # Errors
/// The first error of `holds`.
pub(super) fn smallest<E>(
    first: i64,
    last: i64,
    guess: i64,
    mut holds: impl FnMut(i64) -> Result<bool, E>,
) -> Result<Option<i64>, E> {
    let (mut below, mut enough) = (first - 1, None);
    let (mut at, mut step) = (guess.clamp(first, last), 1);
    loop {
        if holds(at)? {
            enough = Some(at);
            if below >= first || at == first {
                break;
            }
            at = (at - step).max(first);
        } else {
            below = at;
            if enough.is_some() {
                break;
            }
            if at == last {
                return Ok(None);
            }
            at = (at + step).min(last);
        }
        step *= 2;
    }
    let Some(mut enough) = enough else {
        return Ok(None);
    };
    while enough - below > 1 {
        let middle = below + (enough - below) / 2;
        if holds(middle)? {
            enough = middle;
        } else {
            below = middle;
        }
    }
    Ok(Some(enough))
}

#[cfg(test)]
mod tests {
    use super::smallest;
    use proptest::prelude::*;
    use std::convert::Infallible;

    proptest! {
        #[test]
        fn the_smallest_is_found_from_any_guess(
            first in -20_i64..20,
            length in 0_i64..200,
            threshold in -30_i64..260,
            guess in -300_i64..300,
        ) {
            let last = first + length;
            let mut asked = 0;
            let found = smallest(first, last, guess, |n| {
                asked += 1;
                assert!((first..=last).contains(&n), "{n} is not in {first}..={last}");
                Ok::<_, Infallible>(n >= threshold)
            });
            let expected = (first..=last).find(|n| *n >= threshold);
            prop_assert_eq!(found, Ok(expected));
            prop_assert!(asked <= 20);
        }
    }
}
