use crate::picture::{Digit, Step};
pub(crate) const SIDE: usize = 96;
pub(crate) fn prepare(gray: &[u8], width: usize, digit: &mut Digit, steps: &mut [Step; 8]) -> i32 {
    let height = gray.len() / width;
    let (mut l, mut t, mut r, mut b) = (width, height, 0, 0);
    for y in 0..height { for x in 0..width { if gray[y * width + x] < 128 {
        l = l.min(x); r = r.max(x + 1); t = t.min(y); b = b.max(y + 1);
    } } }
    if l >= r { return -1; }
    digit.rect = [l, t, r, b].map(|v| v as u32);
    let side = (r - l).max(b - t);
    digit.image = [0; 784];
    for y in 0..20 { for x in 0..20 {
        let (mut sum, mut n) = (0u32, 0u32);
        for yy in y * side / 20..((y + 1) * side).div_ceil(20) { for xx in x * side / 20..((x + 1) * side).div_ceil(20) {
            let (px, py) = ((l + xx) as isize - (side - (r - l)) as isize / 2, (t + yy) as isize - (side - (b - t)) as isize / 2);
            n += 1;
            if px >= 0 && py >= 0 && (px as usize) < width && (py as usize) < height { sum += u32::from(255 - gray[py as usize * width + px as usize]); }
        } }
        digit.image[(y + 4) * 28 + x + 4] = (sum / n.max(1)) as u8;
    } }
    for (i, step) in steps.iter_mut().enumerate() {
        step.name = i as u32; step.width = 96; step.height = (96 * height / width) as u32;
        let cells = step.cells.as_flattened_mut();
        for y in 0..step.height as usize { for x in 0..96 {
            let g = gray[(y * width / 96) * width + x * width / 96];
            cells[y * 96 + x] = if i == 0 { g } else { 255 - g };
        } }
    }
    1
}
