"""Makes the small pictures beside this file (python3 with Pillow): run it in this folder, commit what it writes."""
import random
from PIL import Image, PngImagePlugin

random.seed(7)
W, H = 40, 24

def picture(mode):
    image = Image.new("RGBA", (W, H))
    for y in range(H):
        for x in range(W):
            noise = random.randrange(24)
            image.putpixel((x, y), (x * 6, y * 10, 128 + noise, 0 if (x < 10 and y < 10) else 255))
    return image.convert(mode) if mode != "RGBA" else image

rgb, rgba = picture("RGB"), picture("RGBA")
exif = Image.Exif()
exif[0x0112] = 6

rgb.save("rgb.png")
rgba.save("rgba.png")
rgb.quantize(16).save("palette.png")
rgb.quantize(16).save("palette-transparent.png", transparency=0)
rgb.convert("L").save("gray.png")
rgb.convert("I;16").save("gray16.png")
rgb.save("oriented.png", exif=exif)
rgb.save("baseline.jpg", quality=85)
rgb.save("progressive.jpg", quality=85, progressive=True)
rgb.save("restarts.jpg", quality=85, restart_marker_rows=1)
rgb.convert("L").save("gray.jpg", quality=85)
rgb.convert("CMYK").save("cmyk.jpg", quality=85)
rgb.save("oriented.jpg", quality=85, exif=exif)
rgb.save("lossy.webp", quality=80)
rgb.save("lossless.webp", lossless=True)
rgba.save("lossy-alpha.webp", quality=80)
rgba.save("lossless-alpha.webp", lossless=True)
rgb.save("oriented.webp", quality=80, exif=exif)
rgb.save("animated.webp", save_all=True, append_images=[rgb.rotate(180)], duration=100)
rgb.save("picture.gif")
rgb.save("picture.bmp")
rgb.save("picture.tiff")
