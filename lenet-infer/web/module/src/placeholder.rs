use crate::picture::{Digit, Step};
pub(crate) const SIDE: usize = 96;
pub(crate) fn prepare(gray: &[u8], width: usize, digits: &mut [Digit; 16]) -> i32 {
    let height = gray.len() / width;
    let dark = gray[0] < 128;
    let ink = |x: usize, y: usize| if dark { gray[y * width + x] } else { 255 - gray[y * width + x] };
    let column = |x: usize| x < width && (0..height).any(|y| ink(x, y) > 127);
    let (mut count, mut x) = (0, 0);
    while x < width && count < 16 {
        if !column(x) { x += 1; continue; }
        let l = x;
        while column(x) { x += 1; }
        let r = x;
        let (mut t, mut b) = (height, 0);
        for y in 0..height { if (l..r).any(|x| ink(x, y) > 127) { t = t.min(y); b = b.max(y + 1); } }
        one(width, height, &ink, [l, t, r, b], &mut digits[count]);
        count += 1;
    }
    if count == 0 { -1 } else { count as i32 }
}
fn one(width: usize, height: usize, ink: &impl Fn(usize, usize) -> u8, [l, t, r, b]: [usize; 4], digit: &mut Digit) {
    digit.rect = [l, t, r, b].map(|v| v as u32);
    let side = (r - l).max(b - t);
    digit.image = [0; 784];
    for y in 0..20 { for x in 0..20 {
        let (mut sum, mut n) = (0u32, 0u32);
        for yy in y * side / 20..((y + 1) * side).div_ceil(20) { for xx in x * side / 20..((x + 1) * side).div_ceil(20) {
            let (px, py) = ((l + xx) as isize - (side - (r - l)) as isize / 2, (t + yy) as isize - (side - (b - t)) as isize / 2);
            n += 1;
            if px >= 0 && py >= 0 && (px as usize) < width && (py as usize) < height { sum += u32::from(ink(px as usize, py as usize)); }
        } }
        digit.image[(y + 4) * 28 + x + 4] = (sum / n.max(1)) as u8;
    } }
}
#[allow(dead_code)]
pub(crate) fn observe(gray: &[u8], width: usize, rect: [u32; 4], steps: &mut [Step; 8]) {
    let [l, t, r, b] = rect.map(|v| v as usize);
    let height = gray.len() / width;
    let m = (b - t) / 4;
    let (l, t, r, b) = (l.saturating_sub(m), t.saturating_sub(m), (r + m).min(width), (b + m).min(height));
    let side = (r - l).max(b - t);
    for (i, step) in steps.iter_mut().enumerate() {
        step.name = i as u32; step.width = (96 * (r - l) / side) as u32; step.height = (96 * (b - t) / side) as u32;
        let cells = step.cells.as_flattened_mut();
        for y in 0..step.height as usize { for x in 0..step.width as usize {
            let g = gray[(t + y * side / 96) * width + l + x * side / 96];
            cells[y * step.width as usize + x] = if i == 0 { g } else { 255 - g };
        } }
    }
}
