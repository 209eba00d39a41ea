//! Products of matrices.

mod common;
use common::Buffer;

/// A product by cuBLAS, of matrices that are stored column by column.
fn product(transposed: [i32; 2], [m, n, k]: [i32; 3], leading: [i32; 3], beta: f32) -> Result<Vec<f32>, i32> {
    let numbers = |count: i32| (0..count).map(|i| (i * 7 % 11) as f32 - 5.0).collect::<Vec<_>>();
    let (a, b, c) =
        (Buffer::new(&numbers(40)), Buffer::new(&numbers(40)), Buffer::new(&numbers(leading[2] * n)));
    let alpha = 2.0;
    // SAFETY: the scales are of the host.
    let status = unsafe {
        cuda::cublas::cublasSgemm_v2(
            0,
            transposed[0],
            transposed[1],
            m,
            n,
            k,
            &raw const alpha,
            a.address,
            leading[0],
            b.address,
            leading[1],
            &raw const beta,
            c.address,
            leading[2],
        )
    };
    if status != 0 {
        return Err(status);
    }
    let (a, b, old) = (numbers(40), numbers(40), numbers(leading[2] * n));
    let at = |values: &[f32], transposed, leading, row, column| {
        values[(if transposed != 0 { row * leading + column } else { column * leading + row }) as usize]
    };
    let mut expected = old.clone();
    for column in 0..n {
        for row in 0..m {
            let terms = (0..k).map(|l| {
                at(&a, transposed[0], leading[0], row, l) * at(&b, transposed[1], leading[1], l, column)
            });
            let place = (column * leading[2] + row) as usize;
            expected[place] = alpha * terms.sum::<f32>() + beta * old[place];
        }
    }
    assert_eq!(c.read::<f32>(), expected, "{transposed:?}");
    Ok(expected)
}

#[test]
fn products_of_small_integers_are_exact() {
    for transposed in [[0, 0], [1, 0], [0, 1], [1, 1]] {
        product(transposed, [3, 4, 5], [5, 5, 3], 0.0).unwrap();
        product(transposed, [3, 4, 5], [6, 7, 4], 0.5).unwrap();
    }
    // cuBLAS refuses leading dimensions that are less than the rows.
    assert_eq!(product([0, 0], [3, 4, 5], [2, 5, 3], 0.0), Err(7));
}

#[test]
fn a_result_that_is_not_added_to_may_hold_nan() {
    let (one, zero) = (1f32, 0f32);
    let (a, c) = (Buffer::new(&[2f32; 8]), Buffer::unwritten(2 * 4 * 4));
    // SAFETY: the scales are of the host.
    let status = unsafe {
        cuda::cublas::cublasSgemmStridedBatched(
            0,
            0,
            0,
            2,
            2,
            2,
            &raw const one,
            a.address,
            2,
            4,
            a.address,
            2,
            0,
            &raw const zero,
            c.address,
            2,
            4,
            2,
        )
    };
    assert_eq!(status, 0);
    assert_eq!(c.read::<f32>(), [8.0; 8]);
}
