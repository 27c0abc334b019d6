█u╔F╥лаK№╒╗8Кf эkp,▐[
+A].|vy╒Gаvї▓╧И╗xjlzBAТРц3╠s╞╘Wц