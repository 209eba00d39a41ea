// Files of lenet-infer/assets, in flash.

    .section .rodata.assets, "a"
    .global model, model_end, digits, digits_end, logits

    .balign 4
model:
    .incbin "model.lenet"
model_end:
digits:
    .incbin "golden-digits.bin"
digits_end:
    .balign 4
logits:
    .incbin "golden-logits.bin"
