//! Numbers as Python's JSON reader holds them, and their exact comparison.

use num_bigint::BigInt;

/// A number: an integer of any size, or a float.
#[derive(Clone, Debug)]
pub enum Number {
    /// An integer that fits 64 bits.
    Int(i64),
    /// An integer that does not: build numbers with [`Number::from`], which keeps that true.
    Big(BigInt),
    /// A float: what was written with a fraction or an exponent, and `NaN`, `Infinity`, `-Infinity`.
    Float(f64),
}

impl Number {
    /// The integer, if it is one and fits.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Int(int) => Some(*int),
            Self::Big(_) | Self::Float(_) => None,
        }
    }

    /// Python's `bool(number)`: everything but zero, NaN included.
    pub fn is_truthy(&self) -> bool {
        match self {
            Self::Int(int) => *int != 0,
            Self::Big(_) => true,
            Self::Float(float) => *float != 0.0,
        }
    }

    /// Python's `repr(number)`: for a float the fewest digits that mean it, `1.0`, `1e+16`, `1e-05`, `inf`, `nan`.
    pub fn repr(&self) -> String {
        match self {
            Self::Int(int) => int.to_string(),
            Self::Big(int) => int.to_string(),
            Self::Float(float) => float_repr(*float),
        }
    }
}

impl From<i64> for Number {
    fn from(int: i64) -> Self {
        Self::Int(int)
    }
}

impl From<BigInt> for Number {
    fn from(int: BigInt) -> Self {
        i64::try_from(&int).map_or(Self::Big(int), Self::Int)
    }
}

impl From<f64> for Number {
    fn from(float: f64) -> Self {
        Self::Float(float)
    }
}

/// Python's `==`: by exact numeric value, so 1 == 1.0, and 2^53 + 1 differs from the float 2^53. NaN equals nothing, not
/// even itself (hence no `Eq`); Python's containers compare by identity first, which a value without identity cannot.
impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Int(left), Self::Int(right)) => left == right,
            (Self::Big(left), Self::Big(right)) => left == right,
            (Self::Float(left), Self::Float(right)) => left == right,
            (Self::Int(_), Self::Big(_)) | (Self::Big(_), Self::Int(_)) => false,
            (Self::Int(int), Self::Float(float)) | (Self::Float(float), Self::Int(int)) => {
                exact_integer(*float).is_some_and(|exact| exact == BigInt::from(*int))
            }
            (Self::Big(int), Self::Float(float)) | (Self::Float(float), Self::Big(int)) => {
                exact_integer(*float).is_some_and(|exact| exact == *int)
            }
        }
    }
}

/// Python's `repr` of a float. Its exponent form begins below 1e-4 and at 1e16.
fn float_repr(float: f64) -> String {
    if float.is_nan() {
        return "nan".to_owned();
    }
    if float.is_infinite() {
        return if float > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let shortest = format!("{float:e}");
    let (digits, exponent) = shortest.split_once('e').unwrap_or((&shortest, "0"));
    let precision = digits.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    // Where two texts of the fewest digits are equally near, Rust takes the upper, Python the one with an even last
    // digit: so does rounding to that many digits.
    let even = format!("{float:.precision$e}");
    let (digits, exponent) = match even.split_once('e') {
        Some(parts) if even.parse() == Ok(float) => parts,
        Some(_) | None => (digits, exponent),
    };
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if !(-4..16).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{digits}e{sign}{:02}", exponent.unsigned_abs());
    }
    let decimals = usize::try_from(i64::try_from(precision).unwrap_or_default() - i64::from(exponent)).unwrap_or(0);
    format!("{float:.*}", usize::max(decimals, 1))
}

/// The integer that the float is, if it is one.
fn exact_integer(float: f64) -> Option<BigInt> {
    if !float.is_finite() || float.fract() != 0.0 {
        return None;
    }
    // IEEE 754 binary64: sign, 11 bits of exponent, 52 bits of fraction under an implied 1.
    let bits = float.abs().to_bits();
    let fraction = bits & ((1 << 52) - 1);
    let exponent = i64::try_from(bits >> 52).unwrap_or_default() - 1075;
    let magnitude = match u32::try_from(exponent) {
        Ok(left) => BigInt::from(fraction | 1 << 52) << left,
        // Below 2^53 a 64-bit integer holds it exactly (and this covers zero, which has no implied 1).
        Err(_) => BigInt::from(float.abs() as i64),
    };
    Some(if float < 0.0 { -magnitude } else { magnitude })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn big(text: &str) -> Number {
        Number::from(text.parse::<BigInt>().unwrap())
    }

    #[test]
    fn comparison_is_exact() {
        assert_eq!(Number::Int(1), Number::Float(1.0));
        assert_eq!(Number::Int(0), Number::Float(-0.0));
        assert_eq!(Number::Int(-7), Number::Float(-7.0));
        assert_eq!(Number::Int(1 << 53), Number::Float(9_007_199_254_740_992.0));
        assert_ne!(Number::Int((1 << 53) + 1), Number::Float(9_007_199_254_740_992.0));
        assert_ne!(Number::Int(i64::MAX), Number::Float(9_223_372_036_854_775_808.0));
        assert_eq!(Number::Int(i64::MIN), Number::Float(-9_223_372_036_854_775_808.0));
        assert_eq!(big("9223372036854775808"), Number::Float(9_223_372_036_854_775_808.0));
        assert_eq!(big("10000000000000000000000"), Number::Float(1e22));
        assert_ne!(big("100000000000000000000000"), Number::Float(1e23));
        assert_ne!(Number::Float(f64::NAN), Number::Float(f64::NAN));
        assert_ne!(big("9223372036854775808"), Number::Float(f64::INFINITY));
        assert_ne!(Number::Int(0), Number::Float(5e-324));
    }

    #[test]
    fn integers_are_canonical() {
        assert!(matches!(big("9223372036854775807"), Number::Int(i64::MAX)));
        assert!(matches!(big("9223372036854775808"), Number::Big(_)));
        assert!(matches!(big("-9223372036854775808"), Number::Int(i64::MIN)));
    }

    #[test]
    fn repr_is_pythons() {
        for text in [
            "1.0",
            "-0.0",
            "0.0",
            "0.0001",
            "1e-05",
            "1.5e-07",
            "1234567890123456.0",
            "1e+16",
            "1.2345e+22",
            "1e+100",
            "5e-324",
            "1.7976931348623157e+308",
            "0.1",
            "-2.5e-10",
            "nan",
            "inf",
            "-inf",
            "100.0",
            "123.456",
            // Halfway between two texts of the fewest digits.
            "2245928820689803.2",
            "92476458896334.62",
            "270081630271225.12",
            "9007199254740992.0",
            "9.5367431640625e-07",
        ] {
            assert_eq!(Number::Float(text.parse().unwrap()).repr(), text);
        }
    }

    #[test]
    fn truth_is_pythons() {
        assert!(!Number::Int(0).is_truthy() && !Number::Float(-0.0).is_truthy());
        assert!(Number::Float(f64::NAN).is_truthy() && Number::Int(-1).is_truthy());
    }
}
