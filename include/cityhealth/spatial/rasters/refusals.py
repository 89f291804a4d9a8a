"""The reasons for which a whole raster file is refused, with their stable codes."""

from __future__ import annotations

from cityhealth.errors import Place, UnreadableFile

MESSAGES = {
    "empty": "文件是空的",
    "not_a_raster": "文件不是可识别的栅格影像，请发送 GeoTIFF、JPEG 2000（.jp2）或 NetCDF 文件",
    "damaged": "影像文件已损坏或传输不完整，请重新发送",
    "no_crs": "影像没有坐标系，请在说明文件中写明坐标系后重新发送",
    "wrong_crs": "影像的坐标超出其坐标系的范围，坐标系与坐标值不符（例如把米当作度），请核对后重新发送",
    "not_georeferenced": "影像没有地理定位信息（没有左上角坐标和像元大小），请发送经过几何定位的影像",
    "raster_too_large": "影像的像元过多，请裁剪到本市范围后重新发送",
    "tiles_apart": "各幅影像相距太远，不能拼成一景，请核对坐标系，按景分别报送",
    "block_too_large": "影像的内部分块过大，无法分窗读取，请按 512×512 分块（COG）另存后重新发送",
    "no_data": "影像中没有任何有效像元",
    "wrong_nodata": "说明文件给出的无效值不是该影像像元类型可能取的值，请核对后重新发送",
    "wrong_scale": "说明文件给出的比例系数必须是不为零的数，请核对后重新发送",
    "unknown_band": "影像中没有说明文件给出的波段，请核对波段序号后重新发送",
    "several_variables": "NetCDF 文件中有多个变量，请在说明文件中写明读取哪一个",
    "wrong_class_table": "分类表无法读取，请发送带有分类值和分类名称两列的 .dbf 或 .csv 文件",
}


def refuse(code: str, filename: str, detail: str = "") -> UnreadableFile:
    """The error to raise for ``code``; ``detail`` (Chinese) follows the standard message."""
    return UnreadableFile(code, MESSAGES[code] + (f"（{detail}）" if detail else ""), Place(filename))
