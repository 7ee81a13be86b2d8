"""Two windows keep their choices side by side."""

from dataclasses import replace

from PySide6.QtWidgets import QApplication

from himapp.gui.kept_settings import KeptSettings
from himapp.settings import Settings, load_settings, remember_file


def remember(window: KeptSettings, file: str) -> None:
    recent = remember_file(window.value.recent_files, file)
    window.keep(replace(window.value, recent_files=recent))


def test_what_another_window_chose_stays(qapp: QApplication) -> None:
    first, second = KeptSettings(), KeptSettings()
    first.keep(replace(first.value, image_folder="/images"))
    second.keep(replace(second.value, photo_folder="/photos"))
    assert load_settings() == Settings(image_folder="/images", photo_folder="/photos")
    assert second.value == load_settings()


def test_recent_files_of_both_windows_are_listed(qapp: QApplication) -> None:
    first, second = KeptSettings(), KeptSettings()
    remember(first, "a")
    remember(second, "b")
    remember(first, "c")
    remember(first, "b")
    assert load_settings().recent_files == ("b", "c", "a")


def test_the_last_word_on_one_choice_counts(qapp: QApplication) -> None:
    first, second = KeptSettings(), KeptSettings()
    first.keep(replace(first.value, photo_folder="/one"))
    second.keep(replace(second.value, photo_folder="/two"))
    assert load_settings().photo_folder == "/two"
