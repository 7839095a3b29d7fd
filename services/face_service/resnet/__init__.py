"""dlib's face recognition network (ResNet, 29 convolutions) run in NumPy: the same numbers, several times faster.

Paper: He et al., "Deep Residual Learning for Image Recognition" (2016), figure 3, with half the filters and fewer
blocks; definition: dlib, examples/dnn_face_recognition_ex.cpp. `model_file` reads the weights from the installed
package, `layers` holds the kinds of layers, `network` folds the weights and runs them.
"""

from services.face_service.resnet.model_file import WrongModel
from services.face_service.resnet.network import CHIP_SIDE, ResNet

__all__ = ["CHIP_SIDE", "ResNet", "WrongModel"]
