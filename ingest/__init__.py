"""From files in an inbox to transcribed, scored and searchable calls."""
